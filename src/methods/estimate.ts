/** Tells how long a stage still takes where whoever reports its progress does not: by the time that what is done took. */
import type { Progress } from './progress.ts'

/** A stage that begins anew (the next round of a search) is measured anew. Unknown stays null: before the second report of a stage. */
export function withEstimates (report: (progress: Progress) => void, now: () => number = () => performance.now()): (progress: Progress) => void {
  let stage = ''
  let [begun, from, last] = [0, 0, 0]
  return (progress) => {
    const { done, total, etaSeconds } = progress
    if (progress.stage !== stage || done < last) [stage, begun, from] = [progress.stage, now(), done]
    last = done
    const known = etaSeconds !== null || done === from
    report(known ? progress : { ...progress, etaSeconds: Math.round((now() - begun) / (done - from) * Math.max(0, total - done) / 100) / 10 })
  }
}
