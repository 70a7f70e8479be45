/** How much of a layer is gone, and what was asked of it. */
export interface LayerBarProps { readonly achieved: number, readonly asked: number | null, readonly skipped?: boolean }

export function LayerBar ({ achieved, asked, skipped = false }: LayerBarProps) {
  return (
    <svg className={skipped ? 'layer-bar skipped' : 'layer-bar'} viewBox='0 0 200 16' preserveAspectRatio='none' aria-hidden='true'>
      <rect className='layer-bar-track' width='200' height='16' />
      <rect className='layer-bar-fill' width={200 * achieved} height='16' />
      {asked !== null && <rect className='layer-bar-asked' x={Math.min(198, 200 * asked - 1)} width='2' height='16' />}
    </svg>
  )
}
