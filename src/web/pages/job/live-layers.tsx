/** The layers while masks change: how much of each is gone by now. */
import { memo, useMemo } from 'react'
import { useQuery } from '@tanstack/react-query'
import { metricsQuery } from '../../api/jobs.ts'
import { Card } from '../../components/card.tsx'
import { percent } from '../../format/numbers.ts'
import { LayerBar } from './layer-bar.tsx'

const PREFIX = 'sparsity/'

export function LiveLayers ({ id }: { readonly id: string }) {
  const { data } = useQuery(metricsQuery(id))
  const rows = useMemo(() => Object.entries(data?.series ?? {}).flatMap(([name, points]) => {
    const last = points.at(-1)
    return name.startsWith(PREFIX) && last !== undefined ? [{ name: name.slice(PREFIX.length), achieved: last[1] }] : []
  }), [data])
  if (rows.length === 0) return null
  return (
    <Card title='Layers' note='The share of each tensor’s weights that its mask leaves out at this moment.'>
      <div className='layers-scroll' tabIndex={0} role='region' aria-label='Layers'>
        <table className='live-layers'>
          <thead><tr><th scope='col'>Tensor</th><th scope='col' className='is-number'>Sparsity</th><th scope='col'><span className='hidden-text'>As a bar</span></th></tr></thead>
          <tbody>{rows.map(({ name, achieved }) => <LiveRow key={name} name={name} achieved={achieved} />)}</tbody>
        </table>
      </div>
    </Card>
  )
}

/** Most of them are what they were when the next figures come. */
const LiveRow = memo(function LiveRow ({ name, achieved }: { readonly name: string, readonly achieved: number }) {
  return <tr><th scope='row'>{name}</th><td className='is-number number'>{percent(achieved, 2)}</td><td><LayerBar achieved={achieved} asked={null} /></td></tr>
})
