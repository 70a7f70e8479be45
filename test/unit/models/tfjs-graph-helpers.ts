/** What the tests of TF.js graph models share: fixtures, and files made by hand of which each part can be made wrong. */
import { readFileSync } from 'node:fs'
import { bytesInMemory } from '../../../src/models/bytes.ts'
import { readModel } from '../../../src/models/formats/index.ts'
import type { ModelFile } from '../../../src/models/model.ts'
import { writeZip, type ZipInput } from '../../../src/models/zip.ts'
import { pathOf } from '../../support/fixtures.ts'

export const FOLDER = 'test/fixtures/tfjs-graph'
export const NAMES = ['convolutions', 'quantized', 'sharded', 'sequences', 'functions', 'lookup'] as const

export interface Described { readonly shape: number[], readonly dtype: string, readonly sha256?: string, readonly nonzeros?: number }

/** What tensorflowjs says, by name of the model. */
export const EXPECTED = JSON.parse(readFileSync(pathOf(`${FOLDER}/expected.json`), 'utf8')) as Record<string, { kernels: string[], weights: Record<string, Described> }>

export type Node = Readonly<Record<string, unknown>>
export type Weight = Readonly<Record<string, unknown>>

export const constant = (name: string): Node => ({ name, op: 'Const' })
export const node = (op: string, name: string, input: string[], attr: object = {}): Node => ({ name, op, input, attr })
export const float = (name: string, ...shape: number[]): Weight => ({ name, shape, dtype: 'float32' })
export const bytesFrom = (...values: number[]): Uint8Array => new Uint8Array(Float32Array.from(values).buffer)
export const text = (value: string): { s: string } => ({ s: Buffer.from(value).toString('base64') })

export interface Parts {
  readonly nodes?: unknown
  readonly weights?: unknown
  readonly data?: Uint8Array
  /** Sizes of the shards that the data are cut into; one by default. */
  readonly cuts?: readonly number[]
  readonly topology?: object
  readonly json?: object
  readonly entries?: readonly ZipInput[]
}

/** MatMul with the kernel `w` of [2, 3], unless told otherwise. */
export async function graphFile ({ nodes, weights, data, cuts, topology, json, entries }: Parts = {}): Promise<Uint8Array> {
  const bytes = data ?? bytesFrom(1, -2, 3, -4, 5, -6)
  const sizes = cuts ?? [bytes.length]
  const paths = sizes.map((_, index) => `shard${index}.bin`)
  const model = {
    format: 'graph-model',
    modelTopology: { node: nodes ?? [constant('w'), node('Placeholder', 'x', []), node('MatMul', 'm', ['x', 'w'])], ...topology },
    weightsManifest: [{ paths, weights: weights ?? [float('w', 2, 3)] }],
    ...json,
  }
  const shards = sizes.map((size, index) => {
    const at = sizes.slice(0, index).reduce((sum, one) => sum + one, 0)
    return { name: paths[index]!, content: bytes.slice(at, at + size) }
  })
  return await zipFrom([{ name: 'model.json', content: new TextEncoder().encode(JSON.stringify(model)) }, ...entries ?? shards])
}

export async function zipFrom (inputs: readonly ZipInput[]): Promise<Uint8Array> {
  const pieces: Uint8Array[] = []
  for await (const piece of writeZip(inputs)) pieces.push(piece)
  return new Uint8Array(Buffer.concat(pieces))
}

export async function read (file: Uint8Array): Promise<ModelFile> {
  return await readModel(bytesInMemory(file))
}

export function weightsIn (model: ModelFile) {
  return model.layers.flatMap(({ path, className, weights }) => weights.map((weight) => ({ path, className, name: `${path}/${weight.role}`, ...weight })))
}
