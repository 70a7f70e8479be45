/** TensorFlow Model Optimization on the same dense model, in a Python process of its own. */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { unpack } from './data.ts'

export interface TfmotRun {
  readonly python: string
  /** An .h5 file that tf-keras reads. */
  readonly model: string
  /** Zip of the four idx files. */
  readonly dataset: string
  readonly folder: string
  readonly sparsity: number | undefined
  readonly seed: number
}

export interface TfmotResult { readonly accuracy: number, readonly sparsity: number, readonly seconds: number, readonly versions: string }

const SCRIPT = fileURLToPath(new URL('peers/tfmot.py', import.meta.url))

/** A string: why it did not run. */
export async function runTfmot ({ python, model, dataset, folder, sparsity, seed }: TfmotRun): Promise<TfmotResult | string> {
  if (sparsity === undefined) return 'it has no method for this case: only those on Fashion-MNIST'
  const images = join(folder, 'idx')
  await unpack(dataset, images)
  try {
    const { stdout } = await promisify(execFile)(python, [SCRIPT, model, images, String(sparsity), String(seed)], { env: { ...process.env, TF_USE_LEGACY_KERAS: '1', TF_CPP_MIN_LOG_LEVEL: '2' }, maxBuffer: 1 << 24 })
    return JSON.parse(stdout.trim().split('\n').at(-1)!) as TfmotResult
  } catch (error) {
    const { stderr = String(error) } = error as { stderr?: string }
    return `${stderr.trim().split('\n').at(-1)}; it needs: pip install tensorflow-cpu tf_keras tensorflow-model-optimization`
  }
}
