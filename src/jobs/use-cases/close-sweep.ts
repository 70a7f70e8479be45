/** Closes sweeps whose jobs have all ended: their result is made and stored. */
import type { Catalog } from '../ports.ts'
import { isEnded } from '../states.ts'
import { resultOf } from '../sweeps/result.ts'
import { isEndedSweep } from '../sweeps/states.ts'

/** Has the sweep ended, now or before, or is it gone? Safe to run anywhere, any number of times, also at once with jobs that are queued again. */
export async function closeSweep (catalog: Catalog, sweepId: string): Promise<boolean> {
  // Before its points: one that is opened again afterwards is told by `opened`.
  const sweep = await catalog.anySweep(sweepId)
  if (sweep === null || isEndedSweep(sweep.state)) return true
  const points = await catalog.of(sweep.tenantId).sweepPoints(sweepId)
  if (!points.every(({ state }) => isEnded(state))) return false
  return await catalog.closeSweep(sweepId, sweep.opened, resultOf(points, sweep.request.pick))
}

/** For sweeps whose queue entry got lost, and those whose last job ended without the queue. Gives those that it closed. */
export async function closeEndedSweeps (catalog: Catalog): Promise<string[]> {
  const closed: string[] = []
  for (const id of await catalog.endedSweeps()) if (await closeSweep(catalog, id)) closed.push(id)
  return closed
}
