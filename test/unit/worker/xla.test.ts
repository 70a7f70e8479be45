/** When XLA is on: never by itself on a CPU, with its tools on a GPU, and always with what the environment says already. */
import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { chooseXla } from '../../../src/worker/xla.ts'

let cpu: string, gpu: string, tools: string

before(async () => {
  cpu = await mkdtemp(path.join(tmpdir(), 'espalier-xla-'))
  gpu = await mkdtemp(path.join(tmpdir(), 'espalier-xla-'))
  tools = path.join(gpu, 'tensorflow-2.21.0-gpu/nvidia/cuda_nvcc')
  for (const file of ['bin/ptxas', 'nvvm/libdevice/libdevice.10.bc']) {
    await mkdir(path.dirname(path.join(tools, file)), { recursive: true })
    await writeFile(path.join(tools, file), '')
  }
})
after(async () => { for (const folder of [cpu, gpu]) await rm(folder, { recursive: true }) })

test('auto follows the tools', async () => {
  assert.deepEqual(await chooseXla('auto', cpu, '2.21.0', {}), { xla: false, env: {} })
  assert.deepEqual(await chooseXla('auto', gpu, '2.21.0', {}), { xla: true, env: { TF_XLA_FLAGS: '--tf_xla_auto_jit=2', XLA_FLAGS: `--xla_gpu_cuda_data_dir=${tools}` } })
  assert.deepEqual(await chooseXla('auto', gpu, '2.22.0', {}), { xla: false, env: {} })
})

test('on and off are as they say', async () => {
  assert.deepEqual(await chooseXla('off', gpu, '2.21.0', {}), { xla: false, env: {} })
  assert.deepEqual((await chooseXla('on', cpu, '2.21.0', {})).env, { TF_XLA_FLAGS: '--tf_xla_auto_jit=2 --tf_xla_cpu_global_jit' })
})

test('flags that were given stay', async () => {
  const { env } = await chooseXla('on', gpu, '2.21.0', { TF_XLA_FLAGS: '--tf_xla_min_cluster_size=2', XLA_FLAGS: '--xla_dump_to=x' })
  assert.equal(env.TF_XLA_FLAGS, '--tf_xla_min_cluster_size=2 --tf_xla_auto_jit=2')
  assert.equal(env.XLA_FLAGS, `--xla_dump_to=x --xla_gpu_cuda_data_dir=${tools}`)
})
