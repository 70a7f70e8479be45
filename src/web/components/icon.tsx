/** Small drawings beside words; they say nothing by themselves. */
const PATHS = {
  list: 'M4 6h16M4 12h16M4 18h10',
  plus: 'M12 5v14M5 12h14',
  compare: 'M4 19V5M4 19h16M8 15l4-5 3 3 5-7',
  sweep: 'M4 4v16h16M8 16h.01M10 11h.01M14 8h.01M19 6h.01',
  model: 'M5 7a2 2 0 1 0 0-.01M5 17a2 2 0 1 0 0-.01M19 12a2 2 0 1 0 0-.01M7 7l10 4.5M7 17l10-4.5',
  data: 'M4 6c0-1.7 3.6-3 8-3s8 1.3 8 3-3.6 3-8 3-8-1.3-8-3zM4 6v12c0 1.7 3.6 3 8 3s8-1.3 8-3V6M4 12c0 1.7 3.6 3 8 3s8-1.3 8-3',
  fleet: 'M4 4h16v6H4zM4 14h16v6H4zM8 7h.01M8 17h.01',
  key: 'M15 9a4 4 0 1 0-3.5 4L13 14.5h2v2h2v2h3v-3l-5.2-5.2A4 4 0 0 0 15 9zM10 8h.01',
  hook: 'M4 12h9M9 8l4 4-4 4M14 5h4a2 2 0 0 1 2 2v10a2 2 0 0 1-2 2h-4',
  more: 'M5 12h.01M12 12h.01M19 12h.01',
  check: 'M5 13l4 4L19 7',
  cross: 'M6 6l12 12M18 6L6 18',
  pause: 'M8 5v14M16 5v14',
  play: 'M7 5l12 7-12 7z',
  retry: 'M20 11a8 8 0 1 0-2.3 6.3M20 5v6h-6',
  clock: 'M12 7v5l3 2M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18z',
  download: 'M12 4v11M7 11l5 5 5-5M5 20h14',
  copy: 'M9 9h11v11H9zM5 15H4V4h11v1',
  down: 'M6 9l6 6 6-6',
  up: 'M6 15l6-6 6 6',
  book: 'M5 4h11a3 3 0 0 1 3 3v13H8a3 3 0 0 1-3-3zM5 17a3 3 0 0 1 3-3h11',
  warn: 'M12 4l9 16H3zM12 10v4M12 17h.01',
  stop: 'M6 6h12v12H6z',
  trash: 'M4 7h16M9 7V4h6v3M6 7l1 13h10l1-13',
  upload: 'M12 16V5M7 9l5-5 5 5M5 20h14',
} as const

export type IconName = keyof typeof PATHS

export function Icon ({ name }: { readonly name: IconName }) {
  return (
    <svg viewBox='0 0 24 24' fill='none' stroke='currentColor' strokeWidth='2' strokeLinecap='round' strokeLinejoin='round' aria-hidden='true'>
      <path d={PATHS[name]} />
    </svg>
  )
}
