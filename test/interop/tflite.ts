/** Writes every layer case as TFLite for check_tflite.py to run with TFLite's own runtime. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { EspalierError } from '../../src/errors.ts'
import { encodeTflite } from '../../src/models/exports/tflite/encode.ts'
import { writeTflite } from '../../src/models/exports/tflite/write.ts'
import { readCases, type LayerCase, type Stored } from '../fixtures/layers/cases.ts'
import { lowerCase } from '../support/lowered.ts'

/** Writes files into `folder`/tflite, and cases.json there with inputs and Keras' own outputs. */
export async function writeTfliteCases (folder: string): Promise<void> {
  const own = join(folder, 'tflite')
  await mkdir(own)
  const cases = []
  for (const [index, one] of readCases().entries()) {
    const bytes = written(one)
    const file = `${index}.tflite`
    if (bytes instanceof Uint8Array) await writeFile(join(own, file), bytes)
    cases.push({ name: one.name, inputs: one.inputs.map(listed), outputs: one.outputs.map(listed), ...bytes instanceof Uint8Array ? { file } : { refused: bytes } })
  }
  await writeFile(join(own, 'cases.json'), JSON.stringify(cases))
}

/** The file, or why there is none. */
function written (one: LayerCase): Uint8Array | string {
  try {
    return writeTflite(encodeTflite(lowerCase(one)))
  } catch (error) {
    if (error instanceof EspalierError && error.code === 'unsupported-layer') return error.message
    throw error
  }
}

function listed ({ shape, values }: Stored): { shape: readonly number[], values: number[] } {
  return { shape, values: [...values] }
}
