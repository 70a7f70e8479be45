/**
 * `npm run test:chaos -- --minutes 5 --json`: a service under load whose processes are killed at random, whose queue loses its data and whose disk is full once.
 * At its end every accepted job has ended with a result or a reason, every file is whole, and nothing is left over.
 */
import { parseArgs } from 'node:util'
import { setTimeout as sleep } from 'node:timers/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { createClient } from '../../../src/cli/client.ts'
import type { Job } from '../../../src/jobs/resources.ts'
import { isEnded } from '../../../src/jobs/states.ts'
import { pathOf } from '../../support/fixtures.ts'
import { writeTrainingImages } from '../../support/training-images.ts'
import { startService } from '../service.ts'
import { startCrowd } from './clients.ts'
import { mountSmallDisk } from './disk.ts'
import { startFaults } from './faults.ts'
import { countBy, verdictOn } from './verdict.ts'

const { values: options } = parseArgs({
  options: { minutes: { type: 'string', default: '5' }, clients: { type: 'string', default: '4' }, json: { type: 'boolean', default: false } },
})
const minutes = Number(options.minutes)
const log = (line: string): void => { console.error(`${new Date().toISOString().slice(11, 19)} ${line}`) }

const DISK_MB = 1200
const IMAGES = 1000
/** After the last fault everything has so long to come to its end. */
const RECOVERY_MS = 240_000

const disk = mountSmallDisk(DISK_MB)
if (disk === null) log('no small disk can be mounted here: it is not filled')
const service = await startService({}, disk?.folder)
let isStopped = false
try {
  const client = createClient(service.url)
  const images = path.join(service.home, 'images.npz')
  await writeTrainingImages(images, IMAGES)
  const files = {
    model: (await client.uploadModel(fileURLToPath(new URL('../../../examples/seed-network.keras', import.meta.url)))).id,
    trained: (await client.uploadModel(pathOf('examples/lenet5.keras'))).id,
    dataset: (await client.uploadDataset(images)).id,
  }
  const crowd = startCrowd(service.url, files, Number(options.clients))
  const faults = startFaults({ service, disk, minutes, log })
  await sleep(minutes * 60_000)
  await faults.stop()
  log(`the storm is over: ${crowd.accepted.length} jobs were accepted`)
  const calm = Date.now()
  await crowd.stop()
  const ids = crowd.accepted.map(({ id }) => id)
  await untilEnded(service.url, ids)
  const recoverySeconds = Math.round((Date.now() - calm) / 1000)
  const verdict = await verdictOn(service.home, ids)
  isStopped = true
  const left = await service.stop().then(() => null, (error: Error) => error.message)
  const orphans = verdict.orphans.rows.length + verdict.orphans.blobs.length + verdict.orphans.files.length + (left === null ? 0 : 1)
  const figures = {
    minutes, accepted: ids.length, kinds: countBy(crowd.accepted.map(({ kind }) => kind)), ...verdict, lost: verdict.lost.length, duplicated: verdict.duplicated.length,
    orphans, orphanNames: verdict.orphans, processes: left, strange: crowd.strange, faults: faults.counts, recoverySeconds,
  }
  const calmSea = verdict.lost.length + verdict.duplicated.length + verdict.unexplained.length + verdict.damaged.length + orphans + crowd.strange.length === 0
  console.log(options.json ? JSON.stringify({ ...figures, met: calmSea }) : JSON.stringify(figures, null, 2))
  if (!calmSea) process.exitCode = 1
} finally {
  if (!isStopped) await service.stop().catch(() => {})
  disk?.unmount()
}

async function untilEnded (url: string, ids: readonly string[]): Promise<void> {
  const client = createClient(url)
  const end = Date.now() + RECOVERY_MS
  for (const id of ids) {
    for (;;) {
      const job = await client.get<Job>(`/v1/jobs/${id}`).catch(() => null)
      if (job !== null && isEnded(job.state)) break
      if (job?.state === 'paused') await fetch(new URL(`/v1/jobs/${id}/resume`, url), { method: 'POST' }).catch(() => {})
      if (Date.now() > end) return log(`${id} is ${job?.state ?? 'not to be seen'} after ${RECOVERY_MS / 1000} s`)
      await sleep(500)
    }
  }
}
