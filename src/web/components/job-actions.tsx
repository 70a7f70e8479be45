/** What can be done to a job now; cancelling asks first. */
import { useState } from 'react'
import { useJobAction, type JobAction } from '../api/jobs.ts'
import type { Job } from '../api/types.ts'
import { actionsOf } from '../format/states.ts'
import { Button } from './button.tsx'
import type { IconName } from './icon.tsx'
import { ProblemNote } from './problem-note.tsx'
import { Sheet } from './sheet.tsx'

const LOOKS = { cancel: ['Cancel', 'cross'], pause: ['Pause', 'pause'], resume: ['Resume', 'play'], retry: ['Retry', 'retry'] } as const satisfies Record<JobAction, readonly [string, IconName]>

export interface JobActionsProps {
  readonly job: Pick<Job, 'id' | 'state'>
  /** What the job is called beside them. */
  readonly name: string
  readonly size?: 'small' | 'normal'
  readonly only?: readonly JobAction[]
}

export function JobActions ({ job: { id, state }, name, size = 'normal', only }: JobActionsProps) {
  const { mutate, isPending, error, reset } = useJobAction()
  const [asking, setAsking] = useState(false)
  const act = (action: JobAction): void => {
    setAsking(false)
    mutate({ id, action })
  }
  return (
    <div className='actions'>
      {actionsOf(state).filter((action) => only?.includes(action) ?? true).map((action) => {
        const [word, icon] = LOOKS[action]
        return (
          <Button key={action} size={size} icon={icon} label={`${word} ${name}`} isPending={isPending} onPress={() => { if (action === 'cancel') setAsking(true); else act(action) }}>{word}</Button>
        )
      })}
      <Sheet isOpen={asking} title='Cancel this run?' onClose={() => { setAsking(false) }}>
        <p className='soft'>{name} stops where it is. What it has done so far is not kept, unless it was training: then a retry goes on from the last checkpoint.</p>
        <div className='actions'>
          <Button kind='primary' onPress={() => { act('cancel') }}>Cancel the run</Button>
          <Button onPress={() => { setAsking(false) }}>Let it run</Button>
        </div>
      </Sheet>
      <Sheet isOpen={error !== null} title='That did not work' onClose={reset}>
        <ProblemNote error={error} />
        <div className='actions'><Button onPress={reset}>Close</Button></div>
      </Sheet>
    </div>
  )
}
