/** Loads onnxruntime once, on first use. */
import { EspalierError } from '../../errors.ts'

export type OnnxRuntime = typeof import('onnxruntime-node')

let loading: Promise<OnnxRuntime> | undefined

/** Throws `engine-unavailable` where the package was not installed, or has no library for this machine. */
export function loadOnnxRuntime (): Promise<OnnxRuntime> {
  loading ??= load().catch((error: unknown) => {
    loading = undefined
    throw error
  })
  return loading
}

async function load (): Promise<OnnxRuntime> {
  try {
    return await import('onnxruntime-node')
  } catch (cause) {
    const text = cause instanceof Error ? cause.message.split('\n')[0] : String(cause)
    throw new EspalierError('engine-unavailable', `onnxruntime, which runs ONNX models, cannot be loaded (${text}); npm ci installs the package onnxruntime-node for Linux and for macOS arm64`, {}, { cause })
  }
}
