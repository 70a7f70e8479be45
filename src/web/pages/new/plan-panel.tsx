/** What the run would make of the model, and its start. */
import type { Plan } from '../../api/types.ts'
import { Button } from '../../components/button.tsx'
import { ProblemNote } from '../../components/problem-note.tsx'
import { PlanFigures } from './plan-figures.tsx'
import type { Fault } from './problems.ts'

export interface PlanPanelProps {
  /** What has to be chosen first; null: nothing. */
  readonly lacks: string | null
  readonly plan: Plan | undefined
  /** Is a newer one on its way? */
  readonly isAsking: boolean
  readonly error: unknown
  readonly faults: readonly Fault[]
  readonly runs: number
  /** What the figures are of, in a sweep. */
  readonly of: string | undefined
  readonly isStarting: boolean
  readonly startError: unknown
  readonly onStart: () => void
}

export function PlanPanel ({ lacks, plan, isAsking, error, faults, runs, of, isStarting, startError, onStart }: PlanPanelProps) {
  const shown = error === null && lacks === null ? plan : undefined
  const ready = lacks === null && error === null && !isAsking && plan?.feasible === true
  return (
    <div className='plan-panel' aria-busy={isAsking}>
      <p className='hidden-text' role='status'>{ready ? 'The plan is ready' : faults.length > 0 ? 'The recipe has to be put right' : ''}</p>
      {lacks !== null && <p className='soft'>{lacks}</p>}
      {lacks === null && shown === undefined && error === null && <p className='waiting'>Planning the run</p>}
      {faults.length > 0 && (
        <div className='callout warn'>
          <h3>To be put right</h3>
          <ul>{faults.map(({ path, message }) => <li key={`${path} ${message}`}><code>{path === '' ? 'recipe' : path}</code> {message}</li>)}</ul>
        </div>
      )}
      {error !== null && faults.length === 0 && <ProblemNote error={error} />}
      {shown !== undefined && <PlanFigures plan={shown} of={of} />}
      {startError !== null && <ProblemNote error={startError} />}
      <Button kind='primary' icon='play' isDisabled={!ready} isPending={isStarting} onPress={onStart}>{runs === 1 ? 'Start the run' : `Start ${runs} runs`}</Button>
      {isAsking && shown !== undefined && <p className='faint small'>Planning anew</p>}
    </div>
  )
}
