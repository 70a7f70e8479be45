/** How far the events of all jobs may be read in the order of their numbers. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { EventOrder } from '../../jobs/watching.ts'
import type { Database } from './client.ts'
import { Prisma } from './generated/client.ts'

const FIRST_PAUSE_MS = 2
const LONGEST_PAUSE_MS = 500

/**
 * Transactions that began to write before that id and are open. A snapshot has those of all databases of the server, of which only those of this one write
 * events: one that is known to be another's is left out, so that long work there holds up nothing here. Whose a transaction is everybody may see.
 */
function openBefore (taken: string): Prisma.Sql {
  return Prisma.sql`
    SELECT 1 FROM pg_snapshot_xip(pg_current_snapshot()) AS open WHERE open < ${taken}::xid8 AND NOT EXISTS (
      SELECT 1 FROM pg_stat_activity WHERE backend_xid = open::xid AND datname <> current_database())`
}

/**
 * Numbers are drawn when an event is written, and events appear when their transactions commit: number 5 may appear after 6, and who had read up to 6
 * would never see it. A transaction has an id of its own before it draws a number, since its trigger fires after it has changed a job. So: read the
 * newest number, then take a transaction id, which is greater than that of every transaction that has drawn a smaller number. Once no transaction up to
 * that id is open, what is to appear up to that number has appeared. Nothing of this is stored, so that numbers stay good in a copy of the database,
 * whose transactions count from anew.
 */
export function eventOrderIn ({ prisma, once }: Database): EventOrder {
  return {
    async settledEvents (signal) {
      return await once(async () => {
        // The snapshot that sees the newest event is older than the id, which is taken within the statement.
        const [mark] = await prisma.$queryRaw<Array<{ newest: bigint, taken: string }>>`
          SELECT coalesce((SELECT max(id) FROM job_events), 0) AS newest, pg_current_xact_id()::text AS taken`
        const { newest, taken } = mark!
        for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
          signal.throwIfAborted()
          const [row] = await prisma.$queryRaw<Array<{ settled: boolean }>>`SELECT NOT EXISTS (${openBefore(taken)}) AS settled`
          if (row!.settled) return Number(newest)
          await sleep(pause, undefined, { signal }).catch(() => {})
        }
      })
    },
  }
}
