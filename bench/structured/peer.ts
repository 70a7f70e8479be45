/** Torch-Pruning on the same model, in a Python process of its own for every request. */
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { GraphTimes } from './graph.ts'
import type { Latencies, LatencySpec } from './latency.ts'
import type { Pruned } from './prune.ts'

interface ModelRequest {
  /** lenet5 or resnet8. */
  readonly name: string
  /** Path of the `.keras` file. */
  readonly model: string
  /** Of idx files. */
  readonly folder: string
  /** What the model gives for the first reported examples: what the peer has to predict as well, within the tolerance. */
  readonly outputs: ReadonlyArray<readonly number[]>
  readonly tolerance: number
  readonly target: object
}

export interface AccuracyRequest extends ModelRequest {
  readonly part: 'accuracy'
  readonly epochs: number
  readonly batch: number
  readonly rate: number
  readonly seed: number
  /** Is the model as it came trained on as well? */
  readonly trainDense: boolean
}

export interface PeerAccuracy extends Omit<Pruned, 'path'> {
  /** Largest difference of outputs before pruning. */
  readonly difference: number
  /** Accuracy after each epoch. */
  readonly epochs: readonly number[]
  readonly denseEpochs: readonly number[] | null
}

interface Parts {
  accuracy: { request: AccuracyRequest & { readonly threads: number }, result: PeerAccuracy }
  latency: { request: ModelRequest & LatencySpec & { readonly part: 'latency' }, result: { readonly p50: Latencies } }
  graph: { request: { readonly part: 'graph', readonly stages: readonly number[], readonly widths: readonly number[], readonly size: number, readonly rounds: number, readonly ratio: number, readonly threads: number }, result: GraphTimes }
}

const SCRIPT = fileURLToPath(new URL('peers/prune_torch.py', import.meta.url))

/** A string: why it did not run. @throws Error when it ran and failed */
export async function runPeer<P extends keyof Parts> (python: string, request: Parts[P]['request']): Promise<Parts[P]['result'] & { readonly versions: string } | string> {
  try {
    const { stdout } = await promisify(execFile)(python, [SCRIPT, JSON.stringify(request)], { env: { ...process.env, OMP_NUM_THREADS: String(request.threads) }, maxBuffer: 1 << 24 })
    const answer = JSON.parse(stdout.trim().split('\n').at(-1)!) as Parts[P]['result'] & { readonly versions: string, readonly missing?: string }
    return answer.missing === undefined ? answer : `${answer.missing}; it needs: pip install torch torch-pruning h5py`
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return `${python} is not there`
    throw error
  }
}
