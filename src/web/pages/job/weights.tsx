/** What became of the weights, tensor by tensor: their spread before and after, and which of them are left. */
import { useState } from 'react'
import { useQuery } from '@tanstack/react-query'
import { Problem } from '../../api/problem.ts'
import type { Receipt } from '../../api/types.ts'
import { weightsQuery, type WeightTensor } from '../../api/weights.ts'
import { Card } from '../../components/card.tsx'
import { ProblemNote } from '../../components/problem-note.tsx'
import { Select } from '../../components/select.tsx'
import { Waiting } from '../../components/waiting.tsx'
import { count, percent } from '../../format/numbers.ts'
import { Histogram } from './histogram.tsx'
import { thresholdOf } from './threshold.ts'
import { MaskMap } from './mask-map.tsx'

export function WeightsCard ({ id, receipt }: { readonly id: string, readonly receipt: Receipt }) {
  const { data, error } = useQuery(weightsQuery(id))
  const [chosen, setPlace] = useState<string | null>(null)
  if (error !== null && Problem.from(error).document.status === 404) return null
  const tensors = data?.tensors ?? []
  const place = chosen ?? String(Math.max(0, tensors.findIndex(hasLost)))
  const tensor = tensors[Number(place)]
  const choices = tensors.map(({ layer, role, before }, index) => ({ id: String(index), name: `${layer}/${role}`, hint: count(before.weights) }))
  return (
    <Card title='Weights' actions={choices.length > 0 && <Select label='Tensor' hideLabel choices={choices} value={place} onChange={setPlace} />}>
      {error !== null && <ProblemNote error={error} />}
      {data === undefined && error === null && <Waiting what='the weights' />}
      {data !== undefined && tensor === undefined && <p className='soft'>There are no prunable tensors.</p>}
      {tensor !== undefined && <Tensor key={place} tensor={tensor} threshold={thresholdOf(tensor, receipt)} />}
    </Card>
  )
}

/** One that was left alone has little to show. */
function hasLost ({ before, after, gone }: WeightTensor): boolean {
  return gone !== undefined || after.zeros > before.zeros
}

function Tensor ({ tensor, threshold }: { readonly tensor: WeightTensor, readonly threshold: number | null }) {
  const { before, after, shape, madeShape, histogram, mask, sampled, kept, rows, columns } = tensor
  const left = kept ?? after.weights - after.zeros
  return (
    <>
      <p className='card-note number'>
        {shape.join(' × ')}{madeShape === undefined ? '' : ` made ${madeShape.join(' × ')}`}: {count(left)} of {count(rows * columns)} weights are left ({percent(left / (rows * columns), 2)}).
        {sampled === undefined ? '' : ` Every ${count(sampled)}th weight was looked at for the spread.`}
        {before.zeros > 0 ? ` ${count(before.zeros)} were zero before.` : ''}
      </p>
      <div className='weights'>
        {histogram === null ? <p className='soft'>There is no histogram of it.</p> : <Histogram histogram={histogram} threshold={threshold} zeros={after.zeros} />}
        {mask === null ? <p className='soft'>Its mask is too large to be shown.</p> : <MaskMap address={mask} tensor={tensor} />}
      </div>
    </>
  )
}
