/** What a job has come to so far: progress, what it made, or why it failed. */
import type { Job } from '../../api/types.ts'
import { JobProgress } from '../../components/job-progress.tsx'
import { mainMetric } from '../../format/metrics.ts'
import { bytes, count, figure, percent } from '../../format/numbers.ts'
import { failureWords } from '../../format/words.ts'

export function JobOutcome ({ job }: { readonly job: Job }) {
  const { state, receipt, error } = job
  if (state === 'failed' && error !== undefined) {
    const { what } = failureWords(error.code)
    return <div className='job-outcome'><span>{what}</span><span className='faint small clamp' title={error.message}>{error.message}</span></div>
  }
  if (state === 'cancelled') return <span className='soft'>Cancelled before its end</span>
  if (state !== 'succeeded' || receipt === undefined) return <JobProgress job={job} />
  const { before, after } = receipt
  const metric = mainMetric(receipt)
  const asText = metric?.isShare === true ? percent : figure
  return (
    <dl className='job-figures'>
      {metric !== null && <div><dt>{metric.name}</dt><dd>{asText(metric.before)} → {asText(metric.after)}</dd></div>}
      {receipt.structure === undefined
        ? <div><dt>sparsity</dt><dd>{percent(after.sparsity)}</dd></div>
        : <div><dt>channels</dt><dd>{count(receipt.structure.channels.before)} → {count(receipt.structure.channels.after)}</dd></div>}
      <div><dt>file</dt><dd>{bytes(before.bytes)} → {bytes(after.bytes)}</dd></div>
    </dl>
  )
}
