/** The worker's side: jobs from a file store to the same file store, run in an engine process as the service runs them. */
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import path from 'node:path'
import { engineEnvironment, readConfig } from '../../src/config.ts'
import { createFileBlobs } from '../../src/infra/blobs/files.ts'
import { bring, storeOutputs } from '../../src/jobs/use-cases/attempt-files.ts'
import { parseRecipe } from '../../src/pruning/recipe.ts'
import { spawnEngine } from '../../src/worker/engine-child.ts'
import type { RoundRequest, RoundResult } from './protocol.ts'

const MB = 2 ** 20

/** The most a process has ever held. Source: proc(5), VmHWM. */
async function peakMb (pid: number): Promise<number> {
  const found = /^VmHWM:\s+(\d+) kB$/m.exec(await readFile(`/proc/${pid}/status`, 'utf8'))
  return Math.round(Number(found![1]) / 1024)
}

/** User and system time of a process. Source: proc(5), stat: fields 14 and 15, in ticks of 10 ms. */
async function cpuSeconds (pid: number): Promise<number> {
  const fields = (await readFile(`/proc/${pid}/stat`, 'utf8')).replace(/^.*\) /, '').split(' ')
  return (Number(fields[11]) + Number(fields[12])) / 100
}

const cpuOfBoth = async (): Promise<number> => await cpuSeconds(process.pid) + await cpuSeconds(engine.pid)

const [home] = process.argv.slice(2) as [string]
const blobs = createFileBlobs(path.join(home, 'blobs'))
const { env, ...settings } = engineEnvironment()
const engine = spawnEngine({ settings, env, memoryLimitBytes: readConfig().childMemoryMb * MB, timeoutMs: 0 })

async function round ({ sha256, bytes, sparsity }: RoundRequest): Promise<RoundResult> {
  const { signal } = new AbortController()
  const folder = await mkdtemp(path.join(home, 'scratch-'))
  try {
    const cpu = await cpuOfBoth()
    const begin = performance.now()
    const model = await bring(blobs, { sha256, bytes, name: 'model.safetensors', format: 'safetensors' }, folder, 'model', signal)
    const outputs = path.join(folder, 'outputs')
    await mkdir(outputs)
    const recipe = parseRecipe({ method: 'magnitude', target: { sparsity } })
    const result = await engine.run(
      { job: 'bench', attempt: 1, recipe, model, dataset: null, evaluationDataset: null, folder: outputs, checkpoint: null, checkpointFolder: folder },
      { onProgress () {}, onMetrics () {}, onCheckpoint: async () => false, signal, pause: signal }
    )
    const stored = performance.now()
    const [artifact] = await storeOutputs(blobs, result.outputs, outputs, signal)
    const end = performance.now()
    return {
      seconds: (end - begin) / 1000, storing: (end - stored) / 1000, timings: result.receipt.timings, cpuSeconds: await cpuOfBoth() - cpu, sha256: artifact!.sha256, bytes: artifact!.bytes,
      achieved: result.receipt.after.sparsity, gzipEstimated: result.receipt.after.gzipEstimated, workerPeakMb: await peakMb(process.pid), enginePeakMb: await peakMb(engine.pid),
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

process.on('message', (request: RoundRequest) => {
  round(request).then((result) => process.send!(result), (error: unknown) => {
    console.error(error)
    process.exit(1)
  })
})
process.on('disconnect', () => { void engine.kill().then(() => process.exit(0)) })
await engine.ready
process.send!('ready')
