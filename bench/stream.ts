/** Models larger than memory: a safetensors file pruned from blob to blob in streams, its peak of memory, and its speed beside that of `cp` and fsync. */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { createReadStream } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { createFileBlobs } from '../src/infra/blobs/files.ts'
import { assertRoom, copySeconds, forget, makeFile } from './stream/disk.ts'
import type { RoundRequest, RoundResult } from './stream/protocol.ts'
import { summarize } from './train/statistics.ts'

const { values: options } = parseArgs({
  options: {
    gb: { type: 'string', default: '4' },
    rounds: { type: 'string', default: '3' },
    sparsity: { type: 'string', default: '0.5' },
    folder: { type: 'string', default: tmpdir() },
    json: { type: 'boolean', default: false },
  },
})
const [gb, rounds, sparsity] = [Number(options.gb), Number(options.rounds), Number(options.sparsity)]
const WORKER = fileURLToPath(new URL('./stream/worker.ts', import.meta.url))

const say = (text: string): void => { if (!options.json) console.log(text) }
const rounded = (value: number): number => Number(value.toFixed(2))

async function main (): Promise<void> {
  // The file, an output, and a copy.
  await assertRoom(options.folder, 3.1e9 * gb)
  const home = await mkdtemp(path.join(options.folder, 'espalier-stream-'))
  try {
    const made = path.join(home, 'model.safetensors')
    const bytes = await makeFile(made, gb)
    const blobs = createFileBlobs(path.join(home, 'blobs'))
    const { sha256 } = await blobs.put(createReadStream(made, { highWaterMark: 2 ** 22 }))
    await rm(made)
    const model = (await blobs.localPath(sha256))!
    say(`${(bytes / 1e9).toFixed(2)} GB, sha256 ${sha256.slice(0, 12)}`)

    const worker = fork(WORKER, [home], { execArgv: ['--import', 'tsx'] })
    const failed = once(worker, 'exit').then(() => { throw new Error('the worker ended') })
    failed.catch(() => {})
    const answer = async (): Promise<unknown> => (await Promise.race([once(worker, 'message'), failed]))[0]
    await answer()
    const results: Array<RoundResult & { copy: number }> = []
    for (let round = 0; round < rounds; round++) {
      await forget(model)
      const copy = await copySeconds(model, path.join(home, 'copy'))
      await forget(model)
      worker.send({ sha256, bytes, sparsity } satisfies RoundRequest)
      const result = await answer() as RoundResult
      await blobs.delete(result.sha256)
      results.push({ ...result, copy })
      say(`round ${round + 1}: cp and fsync ${copy.toFixed(1)} s, pruned ${result.seconds.toFixed(1)} s (${result.cpuSeconds.toFixed(1)} s of processor) ${JSON.stringify(result.timings)}, storing ${result.storing.toFixed(1)} s, peaks ${result.enginePeakMb} and ${result.workerPeakMb} MB`)
    }
    worker.disconnect()
    await failed.catch(() => {})
    report(bytes, results)
  } finally {
    await rm(home, { recursive: true, force: true })
  }
}

function report (bytes: number, results: ReadonlyArray<RoundResult & { copy: number }>): void {
  const [first] = results
  const peaks = { engineMb: Math.max(...results.map(({ enginePeakMb }) => enginePeakMb)), workerMb: Math.max(...results.map(({ workerPeakMb }) => workerPeakMb)) }
  const result = {
    gb: bytes / 1e9,
    sparsity: first!.achieved,
    /** Of the process that holds most. */
    peakMb: Math.max(peaks.engineMb, peaks.workerMb),
    ...peaks,
    /** Speed beside that of cp: its seconds over ours, median of the rounds; 1 is as fast. */
    overCp: rounded(summarize(results.map(({ copy, seconds }) => copy / seconds)).median),
    seconds: results.map(({ seconds }) => rounded(seconds)),
    cpuSeconds: results.map(({ cpuSeconds }) => rounded(cpuSeconds)),
    cpSeconds: results.map(({ copy }) => rounded(copy)),
    timings: first!.timings,
    gzipEstimated: first!.gzipEstimated,
  }
  if (options.json) return console.log(JSON.stringify(result))
  console.log(`peak ${result.peakMb} MB in one process; ${result.overCp} x the speed of cp and fsync (median of ${results.length})`)
}

await main()
