/** Says that something is on its way. */
export function Waiting ({ what }: { readonly what: string }) {
  return <p className='waiting' role='status'>Loading {what}</p>
}
