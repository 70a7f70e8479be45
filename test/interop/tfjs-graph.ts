/** Pruned TF.js graph models, with what was asked of them, for check_tfjs_graph.py. */
import { open, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { readModel, writeModel } from '../../src/models/formats/index.ts'
import { pruneMagnitude } from '../../src/pruning/prune.ts'
import { openFixture, pathOf } from '../support/fixtures.ts'

const NAMES = ['convolutions', 'quantized', 'sharded', 'sequences', 'functions', 'lookup']
const SPARSITY = 0.6

/** One file; `weights` are the names of the weights that were pruned together, in their order. */
interface GraphCase { readonly original: string, readonly file: string, readonly sparsity: number, readonly weights: readonly string[] }

/** Writes each fixture, compressed and not, and tfjs-graph.json, into `folder`. */
export async function writeGraphModels (folder: string): Promise<void> {
  const cases: GraphCase[] = []
  for (const name of NAMES) {
    const path = `test/fixtures/tfjs-graph/${name}.zip`
    const source = await openFixture(path)
    const model = await readModel(source)
    const pool = []
    for (const { path: layer, weights } of model.layers) {
      for (const { role, prunable, tensor } of weights) if (prunable) pool.push({ name: `${layer}/${role}`, layer, key: tensor.key, values: (await tensor.read()).slice() })
    }
    pruneMagnitude(pool, { sparsity: SPARSITY, scope: 'global' })
    const changes = new Map(pool.map(({ key, values }) => [key, values]))
    for (const compress of [false, true]) {
      const file = `tfjs-graph-${name}-${compress ? 'compressed' : 'plain'}.zip`
      const handle = await open(join(folder, file), 'wx')
      await writeModel(model, changes, 'tfjs-graph', { compress, optimizerState: 'drop' }, { write: async (offset, bytes) => { await handle.write(bytes, 0, bytes.length, offset) } })
      await handle.close()
      cases.push({ original: pathOf(path), file, sparsity: SPARSITY, weights: pool.map(({ key }) => key) })
    }
    await source.close()
  }
  await writeFile(join(folder, 'tfjs-graph.json'), JSON.stringify(cases))
}
