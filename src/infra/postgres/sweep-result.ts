/** How a sweep is closed with its result and opened again, in the Catalog. */
import { OPEN_SWEEPS } from '../../jobs/sweeps/states.ts'
import type { AllSweeps } from '../../jobs/sweeps/ports.ts'
import { ENDED } from '../../jobs/states.ts'
import { jsonText, oneOf, type Database } from './client.ts'
import { Prisma } from './generated/client.ts'
import { storable } from './rows.ts'

/** At most so many come from one call of `endedSweeps`; the rest comes with the next. */
const ENDED_AT_ONCE = 100

/** Back to `running`, before the job is queued again in the same transaction: a result that was made without it no longer holds. */
export async function reopen (tx: Prisma.TransactionClient, sweepId: string): Promise<void> {
  await tx.$executeRaw`UPDATE sweeps SET state = 'running', opened = opened + 1, result = NULL, finished_at = NULL WHERE id = ${sweepId}`
}

export function closingIn ({ prisma, patiently }: Database): Pick<AllSweeps, 'endedSweeps' | 'closeSweep'> {
  return {
    async endedSweeps () {
      const rows = await patiently(async () => await prisma.$queryRaw<Array<{ id: string }>>`
        SELECT id FROM sweeps WHERE state ${oneOfSweeps(OPEN_SWEEPS)} AND NOT EXISTS (SELECT 1 FROM jobs WHERE sweep_id = sweeps.id AND NOT state ${oneOf(ENDED)})
        ORDER BY created_at LIMIT ${ENDED_AT_ONCE}`)
      return rows.map(({ id }) => id)
    },

    async closeSweep (sweepId, opened, result) {
      const id = storable(sweepId)
      return await patiently(async (lost) => {
        const count = await prisma.$executeRaw`
          UPDATE sweeps SET result = ${jsonText(result)}::json, finished_at = now(),
            state = CASE WHEN state = 'cancelling' AND EXISTS (SELECT 1 FROM jobs WHERE sweep_id = sweeps.id AND jobs.state = 'cancelled') THEN 'cancelled' ELSE 'finished' END::sweep_state
          WHERE id = ${id} AND opened = ${opened} AND state ${oneOfSweeps(OPEN_SWEEPS)}`
        if (count > 0 || !lost) return count > 0
        // The try that lost its connection may have been the one that did it.
        return await prisma.sweep.count({ where: { id, opened, finishedAt: { not: null } } }) > 0
      })
    },
  }
}

/** `IN (...)` over states of sweeps. */
export function oneOfSweeps (states: readonly string[]): Prisma.Sql {
  return Prisma.sql`IN (${Prisma.join(states.map((state) => Prisma.sql`${state}::sweep_state`))})`
}
