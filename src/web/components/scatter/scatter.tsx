/** Points by two figures, with the front of those that no other beats; each point is a link. */
import { useId, useLayoutEffect, useRef, useState } from 'react'
import { Link } from 'wouter'
import { scaleOf } from './scale.ts'
import './scatter.css'

export interface ScatterPoint {
  readonly id: string
  readonly x: number
  readonly y: number
  /** What it is called. */
  readonly name: string
  readonly href: string
  readonly isFront: boolean
  readonly isPicked: boolean
}

export interface ScatterProps {
  readonly title: string
  readonly points: readonly ScatterPoint[]
  readonly xName: string
  readonly yName: string
  readonly xFormat: (x: number) => string
  readonly yFormat: (y: number) => string
  /** Is a higher y the better one? */
  readonly higher: boolean
}

const HEIGHT = 320
const EDGE = { left: 64, right: 16, top: 12, bottom: 40 } as const
/** Labels nearer to each other could not be read. */
const TICK_PIXELS = 64

export function Scatter ({ title, points, xName, yName, xFormat, yFormat, higher }: ScatterProps) {
  const id = useId()
  const frame = useRef<HTMLDivElement>(null)
  const [width, setWidth] = useState(640)
  const [told, setTold] = useState<string | null>(null)
  useLayoutEffect(() => {
    const place = frame.current
    if (place === null) return
    const watch = new ResizeObserver(() => { setWidth(Math.max(240, place.clientWidth)) })
    watch.observe(place)
    return () => { watch.disconnect() }
  }, [])
  const [xs, ys] = [scaleOf(points.map(({ x }) => x), { allowLog: true }), scaleOf(points.map(({ y }) => y))]
  const across = (x: number): number => EDGE.left + xs.place(x) * (width - EDGE.left - EDGE.right)
  const down = (y: number): number => HEIGHT - EDGE.bottom - ys.place(y) * (HEIGHT - EDGE.top - EDGE.bottom)
  const front = points.filter(({ isFront }) => isFront).sort((a, b) => a.x - b.x || (higher ? a.y - b.y : b.y - a.y))
  const shown = points.find((point) => point.id === told) ?? points.find(({ isPicked }) => isPicked)
  const spread = xs.ticks.filter((tick, index) => index === 0 || across(tick) - across(xs.ticks[index - 1]!) >= TICK_PIXELS || index % 2 === 0)
  const describe = ({ name, x, y }: ScatterPoint): string => `${name}: ${yName} ${yFormat(y)}, ${xFormat(x)}`
  return (
    <figure className='scatter' aria-labelledby={id}>
      <figcaption className='chart-head'>
        <h3 id={id}>{title}</h3>
        <ul className='scatter-legend'><li className='is-front'>not beaten by another</li><li>beaten</li>{points.some(({ isPicked }) => isPicked) && <li className='is-picked'>picked</li>}</ul>
      </figcaption>
      <div ref={frame}>
        <svg width={width} height={HEIGHT} role='group' aria-label={`${title}: a link for each point`}>
          <g aria-hidden='true'>
            {ys.ticks.map((tick) => <g key={tick}><path className='scatter-grid' d={`M${EDGE.left} ${down(tick)}H${width - EDGE.right}`} /><text className='scatter-tick' x={EDGE.left - 8} y={down(tick) + 4} textAnchor='end'>{yFormat(tick)}</text></g>)}
            {spread.map((tick) => <text key={tick} className='scatter-tick' x={across(tick)} y={HEIGHT - EDGE.bottom + 18} textAnchor='middle'>{xFormat(tick)}</text>)}
            <text className='scatter-axis' x={width - EDGE.right} y={HEIGHT - 4} textAnchor='end'>{xName}</text>
            <path className='scatter-front' d={front.map(({ x, y }, index) => index === 0 ? `M${across(x)} ${down(y)}` : `H${across(x)}V${down(y)}`).join('')} />
          </g>
          {points.map((point) => (
            <Link key={point.id} href={point.href} className={`scatter-point${point.isFront ? ' is-front' : ''}${point.isPicked ? ' is-picked' : ''}`} aria-label={describe(point)} onMouseEnter={() => { setTold(point.id) }} onFocus={() => { setTold(point.id) }}>
              <circle className='scatter-reach' cx={across(point.x)} cy={down(point.y)} r='14' />
              <circle className='scatter-dot' cx={across(point.x)} cy={down(point.y)} r={point.isPicked ? 8 : 6} />
            </Link>
          ))}
        </svg>
      </div>
      <p className='chart-readout number' aria-hidden='true'>{shown === undefined ? 'Point at one to see which it is; press it for its run' : describe(shown)}</p>
    </figure>
  )
}
