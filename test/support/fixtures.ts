/** The models that real Keras made, with what it predicted, and the 10,000 Fashion-MNIST test images. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { openFile } from '../../src/worker/files.ts'
import type { OpenFile } from '../../src/methods/output-folder.ts'

const root = new URL('../../', import.meta.url)

export interface ExpectedModel { readonly test_accuracy: number, readonly parameters: number, readonly first8: number[][] }

const read = (name: string): Record<string, ExpectedModel> => JSON.parse(readFileSync(new URL(`test/fixtures/models/${name}`, root), 'utf8')) as Record<string, ExpectedModel>

/** By name of the model; several files hold the same one. */
export const EXPECTED = { ...read('expected.json'), ...read('expected-keras2.json') }

/** Every fixture file with the name of its expectations. */
export const MODEL_FILES = [
  ['examples/lenet5.keras', 'lenet5'], ['test/fixtures/models/lenet5.h5', 'lenet5'],
  ['test/fixtures/models/mlp.keras', 'mlp'], ['test/fixtures/models/mlp.h5', 'mlp'], ['test/fixtures/models/mlp-keras2.h5', 'mlp-keras2'],
  ['test/fixtures/models/resnet8.keras', 'resnet8'], ['test/fixtures/models/resnet8.h5', 'resnet8'],
] as const

export const IMAGES = 'examples/fashion-mnist-test.zip'

export function pathOf (name: string): string {
  return fileURLToPath(new URL(name, root))
}

export async function openFixture (name: string): Promise<OpenFile> {
  return await openFile(pathOf(name))
}
