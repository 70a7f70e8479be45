/** Models whose layers were factorized or folded, in both Keras formats and by way of TF.js, with our engine's predictions, for check_remade.py. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { loadEngine } from '../../src/engine/runtime.ts'
import { bytesInMemory } from '../../src/models/bytes.ts'
import { readModel } from '../../src/models/formats/index.ts'
import type { ModelFile } from '../../src/models/model.ts'
import { foldNorms } from '../../src/pruning/fold/fold.ts'
import { factorized } from '../support/factorized.ts'
import { openFixture } from '../support/fixtures.ts'
import { inMemory, writeCase, type Case } from './remade.ts'

const FILES = [
  ['test/fixtures/models/mlp-keras2.h5', 'mlp'], ['examples/lenet5.keras', 'lenet5'],
  ['test/fixtures/models/resnet8.keras', 'resnet8'], ['test/fixtures/models/resnet8.h5', 'resnet8'],
  ['test/fixtures/formats/nested.keras', 'nested'], ['test/fixtures/formats/nested.h5', 'nested'],
  ['test/fixtures/formats/convolutions.keras', 'convolutions'],
] as const

const FORMS = {
  'low-rank': async (model: ModelFile) => await factorized(model, 0.8),
  fold: async (model: ModelFile) => (await foldNorms(model)).model,
} as const

/** Writes files into `folder`/remade, and cases.json there, which tells what they predict. */
export async function writeForm (folder: string): Promise<void> {
  process.env.TF_ENABLE_ONEDNN_OPTS ??= '1'
  const { tf } = await loadEngine()
  const own = join(folder, 'remade')
  await mkdir(own)
  const cases: Case[] = []
  for (const [path, name] of FILES) {
    const source = await openFixture(path)
    const model = await readModel(source)
    for (const [form, make] of Object.entries(FORMS)) {
      cases.push(await writeCase(tf, own, `${name}-${form}-from-${model.format}`, name, await make(model)))
      // TF.js has no layers that some of these models are made of.
      if (name !== 'lenet5' && name !== 'resnet8') continue
      const zip = await readModel(bytesInMemory(await inMemory(model, 'tfjs-layers')))
      const again = await readModel(bytesInMemory(await inMemory(await make(zip), 'tfjs-layers')))
      cases.push(await writeCase(tf, own, `${name}-${form}-from-tfjs-of-${model.format}`, name, again))
    }
    await source.close()
  }
  await writeFile(join(own, 'cases.json'), JSON.stringify(cases))
}
