/** A model whose settings are floats that are whole numbers, converted there and back, for check_numbers.py. */
import { copyFile, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { bytesInMemory } from '../../src/models/bytes.ts'
import { readModel, writeModel, type FormatName } from '../../src/models/formats/index.ts'
import type { ModelFile } from '../../src/models/model.ts'
import { openFixture, pathOf } from '../support/fixtures.ts'

const EXTENSIONS = { keras: '.keras', 'keras-h5': '.h5' } as const
// Keras itself cannot go on from the state of an optimizer in an `.h5` file.
const OPTIONS = { compress: false, optimizerState: 'drop' } as const
const FORMATS = ['keras', 'keras-h5'] as const

/** Writes files into `folder`/numbers: Keras' own by the name `original`, and each in the other format and back. */
export async function writeNumbers (folder: string): Promise<void> {
  const own = join(folder, 'numbers')
  await mkdir(own)
  for (const format of FORMATS) {
    const path = `test/fixtures/formats/numbers${EXTENSIONS[format]}`
    await copyFile(pathOf(path), join(own, `original${EXTENSIONS[format]}`))
    const source = await openFixture(path)
    const other = FORMATS.find((one) => one !== format)!
    const there = await bytesAs(await readModel(source), other)
    const back = await bytesAs(await readModel(bytesInMemory(there)), format)
    await source.close()
    await writeFile(join(own, `from-${format}${EXTENSIONS[other]}`), there)
    await writeFile(join(own, `back-from-${other}${EXTENSIONS[format]}`), back)
  }
}

async function bytesAs (model: ModelFile, format: FormatName): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  const size = await writeModel(model, new Map(), format, OPTIONS, { async write (offset, bytes) { parts[offset] = bytes.slice() } })
  const file = new Uint8Array(size)
  parts.forEach((bytes, offset) => { file.set(bytes, offset) })
  return file
}
