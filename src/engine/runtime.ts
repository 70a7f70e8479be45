/** Loads TensorFlow once, on first use, and says what was loaded. */
import util from 'node:util'
import { cpus } from 'node:os'
import type * as TensorFlow from '@tensorflow/tfjs-core'
import { EspalierError } from '../errors.ts'

export type Tf = typeof TensorFlow

/** What stands in a receipt's provenance about the engine. */
export interface EngineInfo {
  readonly device: 'cpu' | 'gpu'
  readonly tensorflow: string
  readonly tfjs: string
  readonly threads: number
  /** null: as TensorFlow decides by itself. */
  readonly oneDNN: boolean | null
  readonly xla: boolean
  readonly [key: string]: unknown
}

export interface Engine { readonly tf: Tf, readonly info: EngineInfo }

/** What the environment of this process says to TensorFlow; it is given, as only config.ts reads the environment. */
export interface EngineSettings { readonly threads?: number, readonly oneDNN?: boolean, readonly xla?: boolean }

interface NativeBackend { readonly isUsingGpuDevice?: boolean, readonly binding?: { readonly TF_Version?: string } }

let loading: Promise<Engine> | undefined

/**
 * Loads the native TensorFlow binding; later calls give the same engine. Throws `engine-unavailable` with what to run when the binding or the
 * libraries are missing.
 */
export function loadEngine (settings: EngineSettings = {}): Promise<Engine> {
  loading ??= load(settings).catch((error: unknown) => {
    loading = undefined
    throw error
  })
  return loading
}

async function load (settings: EngineSettings): Promise<Engine> {
  restoreRemovedNodeFunctions()
  const tf = await importBinding()
  await tf.ready()
  const backend = tf.backend() as NativeBackend
  if (tf.getBackend() !== 'tensorflow') {
    throw new EspalierError('engine-unavailable', `TensorFlow was loaded but "${tf.getBackend()}" computes; run: npm run setup`, { backend: tf.getBackend() })
  }
  // The first operation initialises TensorFlow's devices and thread pools: better here than in a job.
  tf.tidy(() => tf.matMul(tf.ones([8, 8]), tf.ones([8, 8])).dataSync())
  return {
    tf,
    info: {
      device: backend.isUsingGpuDevice === true ? 'gpu' : 'cpu',
      tensorflow: backend.binding?.TF_Version ?? 'unknown',
      tfjs: tf.version_core,
      threads: settings.threads ?? cpus().length,
      oneDNN: settings.oneDNN ?? null,
      xla: settings.xla ?? false,
    },
  }
}

/** tfjs-node calls a function that Node 23 removed. */
function restoreRemovedNodeFunctions (): void {
  const name = 'isNullOrUndefined'
  const legacy = util as unknown as Record<string, unknown>
  legacy[name] ??= (value: unknown) => value === null || value === undefined
}

async function importBinding (): Promise<Tf> {
  try {
    await import('@tensorflow/tfjs-node-gpu')
    return await import('@tensorflow/tfjs-core')
  } catch (cause) {
    const text = cause instanceof Error ? cause.message.split('\n')[0] : String(cause)
    throw new EspalierError('engine-unavailable', `TensorFlow cannot be loaded (${text}); run: npm run setup`, {}, { cause })
  }
}
