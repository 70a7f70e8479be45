/** Data set files in tests: what another program says is in them, what is refused, and damage that must be told. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import fc from 'fast-check'
import { EspalierError, type ErrorCode } from '../../src/errors.ts'
import type { DatasetFile, ExampleArray, Split } from '../../src/datasets/dataset.ts'
import { readDataset } from '../../src/datasets/index.ts'
import { bytesInMemory, type ByteSource } from '../../src/models/bytes.ts'
import { writeZip, type ZipInput } from '../../src/models/zip.ts'

/** A whole array, first axis included, as another program read it. */
export interface ExpectedArray { readonly shape: number[], readonly values: number[] }

export interface ExpectedFile {
  /** The same numbers as in this file. */
  readonly same?: string
  readonly features: ExpectedArray[]
  readonly targets: ExpectedArray[]
  readonly classes?: number
  readonly classNames?: string[]
}

/** `expected.json` of a folder of fixtures, by file. */
export function expectationsOf (folder: string): (name: string) => ExpectedFile {
  const all = JSON.parse(readFileSync(`${folder}/expected.json`, 'utf8')) as Record<string, ExpectedFile>
  const find = (name: string): ExpectedFile => all[name]?.same === undefined ? all[name]! : find(all[name].same)
  return find
}

export async function openDataset (file: string): Promise<DatasetFile> {
  return await readDataset(bytesInMemory(await readFile(file)))
}

/** The numbers are those expected, read at once, in parts, and backwards. */
export async function assertExamples (split: Split | undefined, { features, targets }: ExpectedFile, what: string): Promise<void> {
  assert.ok(split !== undefined, what)
  assert.deepEqual([split.features.length, split.targets.length], [features.length, targets.length], what)
  for (const [index, expected] of [...features, ...targets].entries()) {
    const array: ExampleArray = [...split.features, ...split.targets][index]!
    assert.deepEqual([split.examples, ...array.shape], expected.shape, what)
    assertValues(await array.read(0, split.examples), expected.values, what)
    const size = expected.values.length / split.examples
    const middle = Math.floor(split.examples / 2)
    for (const [from, to] of [[middle, split.examples], [0, 1], [1, middle]] as const) assertValues(await array.read(from, to), expected.values.slice(from * size, to * size), `${what} ${from}..${to}`)
  }
}

function assertValues (found: Float32Array, expected: readonly number[], what: string): void {
  assert.deepEqual([...found], [...Float32Array.from(expected)], what)
}

/** Reading the file, all of its examples included, throws an EspalierError. */
export async function assertRefused (source: ByteSource, message: RegExp, code: ErrorCode = 'invalid-dataset'): Promise<void> {
  await assert.rejects(readDataset(source).then(readEverything), (error) => {
    assert.ok(error instanceof EspalierError, String(error))
    assert.match(error.message, message)
    assert.equal(error.code, code, error.message)
    return true
  })
}

export async function readEverything ({ splits }: DatasetFile): Promise<void> {
  for (const split of Object.values(splits) as Split[]) {
    for (const array of [...split.features, ...split.targets]) await array.read(0, split.examples)
  }
}

export async function zipOf (...inputs: ZipInput[]): Promise<ByteSource> {
  const all: Uint8Array[] = []
  for await (const piece of writeZip(inputs)) all.push(piece)
  return bytesInMemory(Uint8Array.from(Buffer.concat(all)))
}

/** Files with a few bytes changed or their end cut off give an answer or an EspalierError with a code of its own. */
export async function assertSurvivesDamage (files: readonly Uint8Array[], runs: number): Promise<void> {
  const change = fc.tuple(fc.nat(1_000_000), fc.nat(255))
  await fc.assert(fc.asyncProperty(fc.constantFrom(...files), fc.array(change, { minLength: 1, maxLength: 4 }), fc.option(fc.nat(1_000_000), { freq: 4 }), async (whole, changes, cut) => {
    const bytes = Uint8Array.from(cut === null ? whole : whole.subarray(0, cut % whole.length))
    for (const [at, value] of changes) if (bytes.length > 0) bytes[at % bytes.length] = value
    try {
      await readEverything(await readDataset(bytesInMemory(bytes)))
    } catch (error) {
      assert.ok(error instanceof EspalierError && error.code !== 'internal', error instanceof Error ? error.stack : String(error))
    }
  }), { numRuns: runs, seed: 20 })
}
