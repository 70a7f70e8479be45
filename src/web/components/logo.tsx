/** A tree on its frame. */
export function Logo () {
  return (
    <svg viewBox='0 0 32 32' aria-hidden='true'>
      <rect width='32' height='32' rx='7' fill='#1f5f42' />
      <path d='M16 27V6M16 22H9a3 3 0 0 1-3-3v-2M16 22h7a3 3 0 0 0 3-3v-2M16 14h-4a3 3 0 0 1-3-3V9M16 14h4a3 3 0 0 0 3-3V9' fill='none' stroke='#fff' strokeWidth='2.2' strokeLinecap='round' />
    </svg>
  )
}
