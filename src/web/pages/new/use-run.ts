/** The plan of what was put together, as it changes, and the start of the run or the sweep. */
import { useMemo } from 'react'
import { useQuery } from '@tanstack/react-query'
import { planQuery, useStartJob, useStartSweep, type JobBody } from '../../api/plans.ts'
import type { Plan } from '../../api/types.ts'
import { useSettled } from '../../api/use-settled.ts'
import { partOf, withKey, type Draft } from './draft.ts'
import { faultsOf, type Fault } from './problems.ts'
import { valuesOf } from './target-words.ts'

const TYPING_MS = 350

export interface RunInput {
  readonly model: string | undefined
  readonly dataset: string | undefined
  readonly draft: Draft
  /** Values of a kind of target, as they are typed; null: one run. */
  readonly sweep: { readonly kind: string, readonly text: string } | null
}

export interface Run {
  readonly lacks: string | null
  readonly plan: Plan | undefined
  readonly isAsking: boolean
  readonly error: unknown
  readonly faults: readonly Fault[]
  readonly sweepWrong: string | undefined
  readonly runs: number
  /** Of a sweep: the value that the plan is made for. */
  readonly lastValue: number | undefined
  readonly isStarting: boolean
  readonly startError: unknown
  start (navigate: (address: string) => void): void
}

export function useRun ({ model, dataset, draft, sweep }: RunInput): Run {
  const values = useMemo(() => sweep === null ? [] : valuesOf(sweep.text), [sweep?.text])
  const lastValue = typeof values === 'string' ? undefined : values.at(-1)
  const body = useMemo((): JobBody | null => {
    if (model === undefined || typeof values === 'string') return null
    const recipe = sweep === null ? draft : withKey(draft, 'target', { ...partOf(draft, 'target'), [sweep.kind]: lastValue })
    return { model, ...(dataset !== undefined && { dataset }), recipe }
  }, [model, dataset, draft, sweep?.kind, values])
  const settled = useSettled(body, TYPING_MS)
  const asked = useQuery(planQuery(settled))
  const job = useStartJob()
  const many = useStartSweep()
  const start = (navigate: (address: string) => void): void => {
    if (body === null) return
    if (sweep === null || typeof values === 'string') return job.mutate(body, { onSuccess: ({ id }) => { navigate(`/jobs/${id}`) } })
    many.mutate({ ...body, grid: { [`target.${sweep.kind}`]: values }, pick: 'knee' }, { onSuccess: ({ id }) => { navigate(`/sweeps/${id}`) } })
  }
  return {
    lacks: model === undefined ? 'Choose a model first.' : typeof values === 'string' ? values : null,
    plan: asked.data,
    isAsking: body !== settled || asked.isFetching,
    error: asked.error,
    faults: faultsOf(asked.error),
    sweepWrong: typeof values === 'string' ? values : undefined,
    runs: sweep === null || typeof values === 'string' ? 1 : values.length,
    lastValue,
    isStarting: job.isPending || many.isPending,
    startError: job.error ?? many.error,
    start,
  }
}
