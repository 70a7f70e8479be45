/** The layers of a network from top to bottom, as wide as their channels, with lines between those that share channels. */
import { useMemo } from 'react'
import type { Receipt } from '../../api/types.ts'
import { drawnNetwork } from './drawn-network.ts'

export interface ChannelNetworkProps {
  readonly groups: NonNullable<Receipt['structure']>['groups']
  readonly order: readonly string[]
  readonly chosen: string | null
  readonly onChoose: (group: string | null) => void
}

const ROW = 36
const BOX = 22
const BOXES = 240
const LANE = 14

export function ChannelNetwork ({ groups, order, chosen, onChoose }: ChannelNetworkProps) {
  const { layers, links, lanes } = useMemo(() => drawnNetwork(groups, order), [groups, order])
  const [left, width] = [lanes * LANE + 8, lanes * LANE + 8 + BOXES + 150]
  const height = layers.length * ROW
  const y = (place: number): number => place * ROW + ROW / 2
  return (
    <div className='network' role='region' aria-label='The network, drawn' tabIndex={0}>
      <svg width={width} height={height} viewBox={`0 0 ${width} ${height}`} role='img' aria-label='Layers with their channels before and after; the table beside it has the numbers'>
        {links.map(({ group, color, lane, from, to }) => (
          <path key={`${group} ${from} ${to}`} className={`network-link ${color} ${dimmed(group, chosen)}`} d={`M${left} ${y(from)}C${left - lane * LANE - 8} ${y(from)} ${left - lane * LANE - 8} ${y(to)} ${left} ${y(to)}`} />
        ))}
        {layers.map(({ name, group, color, before, after }, place) => (
          <g key={`${name} ${group}`} className={dimmed(group, chosen)} onPointerEnter={() => { onChoose(group) }} onPointerLeave={() => { onChoose(null) }}>
            <rect className='network-before' x={left} y={y(place) - BOX / 2} width={Math.max(3, BOXES * before)} height={BOX} rx='4' />
            <rect className={`network-after ${color}`} x={left} y={y(place) - BOX / 2} width={Math.max(2, BOXES * after)} height={BOX} rx='4' />
            <text className='network-name' x={left + Math.max(3, BOXES * before) + 8} y={y(place) + 4}>{name}</text>
          </g>
        ))}
      </svg>
    </div>
  )
}

function dimmed (group: string, chosen: string | null): string {
  return chosen === null || chosen === group ? '' : 'dimmed'
}
