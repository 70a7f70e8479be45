/** Whether TensorFlow compiles graphs further with XLA: known before an engine process starts, as its environment says so. */
import { access } from 'node:fs/promises'
import path from 'node:path'
import type { Environment } from '../config.ts'

export interface Xla { readonly env: Environment, readonly xla: boolean }

const OFF: Xla = { env: {}, xla: false }

/** In the folder of the wheel nvidia-cuda-nvcc: what XLA needs to compile for a GPU. */
const TOOLS = ['bin/ptxas', 'nvvm/libdevice/libdevice.10.bc'] as const

/**
 * `auto` is on where a GPU build of TensorFlow and XLA's tools lie in `cache`, off elsewhere: on CPUs XLA's convolutions are slower than oneDNN's
 * (measured, see docs/performance.md). What the environment says already stays.
 */
export async function chooseXla (asked: 'auto' | 'on' | 'off', cache: string, tensorflow: string, given: Environment): Promise<Xla> {
  if (asked === 'off') return OFF
  const tools = path.join(cache, `tensorflow-${tensorflow}-gpu`, 'nvidia/cuda_nvcc')
  const complete = (await Promise.all(TOOLS.map(async (tool) => await access(path.join(tools, tool)).then(() => true, () => false)))).every(Boolean)
  if (asked === 'auto' && !complete) return OFF
  const join = (name: string, flags: string) => [given[name] ?? '', flags].filter((text) => text !== '').join(' ')
  return {
    xla: true,
    env: {
      TF_XLA_FLAGS: join('TF_XLA_FLAGS', complete ? '--tf_xla_auto_jit=2' : '--tf_xla_auto_jit=2 --tf_xla_cpu_global_jit'),
      ...(complete && { XLA_FLAGS: join('XLA_FLAGS', `--xla_gpu_cuda_data_dir=${tools}`) }),
    },
  }
}
