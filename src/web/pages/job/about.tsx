/** One line about a run: its model, when it was submitted, how long it took. */
import { Link } from 'wouter'
import type { Job } from '../../api/types.ts'
import { Time } from '../../components/time.tsx'
import { duration, secondsBetween } from '../../format/time.ts'

export function About ({ job: { id, model, sweep, createdAt, startedAt, finishedAt }, modelName }: { readonly job: Job, readonly modelName: string | undefined }) {
  return (
    <>
      <span>{modelName ?? model}</span>
      <span>submitted <Time at={createdAt} /></span>
      {startedAt !== undefined && finishedAt !== undefined && <span>took {duration(secondsBetween(startedAt, finishedAt))}</span>}
      {sweep !== undefined && <Link href={`/sweeps/${sweep}`}>part of a sweep</Link>}
      <code className='faint'>{id}</code>
    </>
  )
}
