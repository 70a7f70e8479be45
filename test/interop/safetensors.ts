/** Pruned safetensors files, and a Keras model written as one, for check_safetensors.py. */
import { copyFile, mkdir, open, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { readModel, writeModel, type FormatName } from '../../src/models/formats/index.ts'
import type { ModelFile, TensorChanges } from '../../src/models/model.ts'
import { pruneMagnitude } from '../../src/pruning/prune.ts'
import { openFixture, pathOf } from '../support/fixtures.ts'

const SPARSITY = 0.75
const PRUNED = ['test/fixtures/safetensors/plain.safetensors', 'test/fixtures/safetensors/types.safetensors', 'test/fixtures/safetensors/shards.zip']
const KERAS = ['test/fixtures/models/mlp.keras', 'test/fixtures/formats/convolutions.keras']

/** Writes files into `folder`/safetensors, and safetensors.json there, which tells what they are. */
export async function writeSafetensors (folder: string): Promise<void> {
  const own = join(folder, 'safetensors')
  await mkdir(own)
  const pruned = []
  for (const path of PRUNED) {
    const [before, after] = [basename(path), `pruned-${basename(path)}`]
    await copyFile(pathOf(path), join(own, before))
    await rewrite(path, join(own, after), undefined, pruneAll)
    pruned.push({ before, after, sparsity: SPARSITY })
  }
  const converted = []
  for (const path of KERAS) {
    const [keras, file] = [basename(path), `${basename(path)}.safetensors`]
    await copyFile(pathOf(path), join(own, keras))
    await rewrite(path, join(own, file), 'safetensors', async () => new Map())
    converted.push({ keras, file })
  }
  await rewrite('test/fixtures/safetensors/shards.zip', join(own, 'joined.safetensors'), 'safetensors', async () => new Map())
  await writeFile(join(own, 'safetensors.json'), JSON.stringify({ pruned, converted, joined: { shards: 'shards.zip', file: 'joined.safetensors' } }))
}

async function rewrite (path: string, to: string, format: FormatName | undefined, changesOf: (model: ModelFile) => Promise<TensorChanges>): Promise<void> {
  const source = await openFixture(path)
  const handle = await open(to, 'wx')
  try {
    const model = await readModel(source)
    await writeModel(model, await changesOf(model), format ?? model.format, { compress: true, optimizerState: 'drop' }, { write: async (offset, bytes) => { await handle.write(bytes, 0, bytes.length, offset) } })
  } finally {
    await handle.close()
    await source.close()
  }
}

async function pruneAll (model: ModelFile): Promise<TensorChanges> {
  const pool = []
  for (const { path, weights } of model.layers) {
    for (const { role, prunable, tensor } of weights) if (prunable) pool.push({ name: `${path}/${role}`, layer: path, key: tensor.key, values: (await tensor.read()).slice() })
  }
  pruneMagnitude(pool, { sparsity: SPARSITY, scope: 'global' })
  return new Map(pool.map(({ key, values }) => [key, values]))
}
