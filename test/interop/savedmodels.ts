/** Pruned SavedModels, with what was asked of them, for check_savedmodels.py. */
import { mkdir, open, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { readModel, writeModel } from '../../src/models/formats/index.ts'
import { pruneMagnitude } from '../../src/pruning/prune.ts'
import { openFixture, pathOf } from '../support/fixtures.ts'

const NAMES = ['exported', 'compiled', 'sharded', 'keras2', 'mixed', 'first', 'exported-pax.tar.gz', 'exported-gnu-long.tar.gz', 'exported-pax-long.tar']
const SPARSITY = 0.6

/** One file; `weights` are the names TensorFlow gives the variables that were pruned together. */
interface SavedCase { readonly original: string, readonly file: string, readonly sparsity: number, readonly weights: readonly string[] }

/** Writes each fixture, compressed and not, and savedmodels.json, into `folder`. */
export async function writeSavedModels (folder: string): Promise<void> {
  await mkdir(folder, { recursive: true })
  const cases: SavedCase[] = []
  for (const name of NAMES) {
    const [base, extension = 'zip'] = name.split(/\.(.*)/) as [string, string?]
    const path = `test/fixtures/savedmodel/${base}.${extension}`
    const source = await openFixture(path)
    const model = await readModel(source)
    const pool = []
    for (const { path: layer, weights } of model.layers) {
      for (const { role, prunable, tensor } of weights) if (prunable) pool.push({ name: `${layer}/${role}`, layer, key: tensor.key, values: (await tensor.read()).slice() })
    }
    pruneMagnitude(pool, { sparsity: SPARSITY, scope: 'global' })
    const changes = new Map(pool.map(({ key, values }) => [key, values]))
    for (const compress of [false, true]) {
      const file = `savedmodel-${base}-${compress ? 'compressed' : 'plain'}.${extension}`
      const handle = await open(join(folder, file), 'wx')
      await writeModel(model, changes, 'savedmodel', { compress, optimizerState: 'drop' }, { write: async (offset, bytes) => { await handle.write(bytes, 0, bytes.length, offset) } })
      await handle.close()
      cases.push({ original: pathOf(path), file, sparsity: SPARSITY, weights: pool.map(({ key }) => key) })
    }
    await source.close()
  }
  await writeFile(join(folder, 'savedmodels.json'), JSON.stringify(cases))
}
