/** The table of parsers that are fed with mutated files: one line each. */
import { readFileSync } from 'node:fs'
import type { EspalierError } from '../../src/errors.ts'
import { bytesInMemory } from '../../src/models/bytes.ts'
import { readModel, writeModel, type FormatName } from '../../src/models/formats/index.ts'
import type { DatasetFormatName } from '../../src/datasets/index.ts'
import { pathOf } from '../support/fixtures.ts'
import { utf8 } from './containers/container.ts'
import { readWholeDataset, readWholeHdf5, readWholeModel, readWholeRecipe, readWholeZip, type ReadWhole } from './read-whole.ts'
import { withChecksum } from './repair.ts'
import { WORDS } from './words.ts'

export interface Target {
  /** Good files; small ones, of which many can be read in a second. */
  seeds (): Promise<Uint8Array[]>
  readonly read: ReadWhole
  /** What stands in such files. */
  readonly words: readonly string[]
  /** The input with a checksum put right of which the error complains. */
  repair? (bytes: Uint8Array, error: EspalierError): Uint8Array | undefined
}

const files = (folder: string, ...names: string[]) => async () => names.map((name) => new Uint8Array(readFileSync(pathOf(`${folder}/${name}`))))
const model = (seeds: Target['seeds'], words: readonly string[] = []): Target => ({ seeds, read: readWholeModel, words })
const dataset = (seeds: Target['seeds'], words: readonly string[] = []): Target => ({ seeds, read: readWholeDataset, words })

const FIXTURES = 'test/fixtures'
const FORMATS = `${FIXTURES}/formats`

/** No TF.js layers model lies among the fixtures: what is converted to one is read back by other tests. */
const converted = (format: FormatName, ...names: string[]) => async () => await Promise.all((await files(FORMATS, ...names)()).map(async (bytes) => {
  const parts: Array<readonly [number, Uint8Array]> = []
  const size = await writeModel(await readModel(bytesInMemory(bytes)), new Map(), format, { compress: false, optimizerState: 'drop' },
    { write: async (offset, piece) => { parts.push([offset, piece.slice()]) } })
  const file = new Uint8Array(size)
  for (const [offset, piece] of parts) file.set(piece, offset)
  return file
}))

/** Types see to it that every format of the product has a line. */
const MODELS = {
  keras: model(files(FORMATS, 'quantized.keras', 'types.keras', 'unknown.keras'), WORDS.keras),
  'keras-h5': model(files(FORMATS, 'unknown.h5', 'convolutions.h5'), WORDS.keras),
  savedmodel: model(files(`${FIXTURES}/savedmodel`, 'first.zip', 'mixed.zip', 'exported.zip', 'frozen.zip', 'exported-ustar.tar', 'exported-pax.tar.gz', 'exported-gnu-long.tar.gz'), WORDS.savedmodel),
  'tfjs-graph': model(files(`${FIXTURES}/tfjs-graph`, 'convolutions.zip', 'quantized.zip', 'lookup.zip', 'functions.zip'), WORDS.savedmodel),
  'tfjs-layers': model(converted('tfjs-layers', 'convolutions.keras', 'nested.keras'), WORDS.keras),
  safetensors: model(files(`${FIXTURES}/safetensors`, 'plain.safetensors', 'types.safetensors'), WORDS.safetensors),
  'safetensors-shards': model(files(`${FIXTURES}/safetensors`, 'shards.zip', 'shards-deflated.zip'), WORDS.safetensors),
  onnx: model(files(`${FIXTURES}/onnx`, 'convolutions.onnx', 'sequences.onnx', 'types.onnx', 'external.zip'), WORDS.onnx),
} as const satisfies Record<FormatName, Target>

const DATASETS = {
  npz: dataset(files(`${FIXTURES}/datasets`, 'little-f4.npz', 'fortran.npz', 'several.npz', 'version2.npz', 'big-i8.npz'), WORDS.npy),
  npy: dataset(files(`${FIXTURES}/tables`, 'folders.zip'), WORDS.npy),
  images: dataset(files(`${FIXTURES}/images`, 'grey.zip', 'colour.zip', 'parts.zip', 'samples.zip')),
  idx: dataset(files(`${FIXTURES}/datasets`, 'pair-deflated.zip', 'pair-gz.zip', 'pair-plain.zip', 'both.zip')),
  parquet: dataset(files(`${FIXTURES}/tables`, 'images.parquet', 'lists.parquet', 'gzip.parquet', 'zstd.parquet', 'snappy.parquet', 'version2.parquet', 'split.parquet', 'pages.parquet')),
  csv: dataset(files(`${FIXTURES}/tables`, 'plain.csv', 'quoted.csv', 'tabs.csv', 'no-header.csv', 'savetxt.csv'), WORDS.csv),
} as const satisfies Record<DatasetFormatName, Target>

const PARTS = {
  hdf5: {
    seeds: files(`${FIXTURES}/hdf5`, 'types.h5', 'types-latest.h5', 'few-chunks.h5', 'few-chunks-latest.h5', 'cycle.h5', 'many-chunks-latest.h5', 'bfloat16.h5'),
    read: readWholeHdf5,
    words: WORDS.hdf5,
    repair: withChecksum,
  },
  zip: { seeds: files(`${FIXTURES}/datasets`, 'pair-deflated.zip', 'pair-plain.zip', 'both.zip', 'split.npz'), read: readWholeZip, words: [] },
  recipe: {
    seeds: async () => [...await files('examples', 'magnitude.yaml', 'threshold.json', 'seed-network.yaml')(), ...WORDS.recipes.map(utf8)],
    read: readWholeRecipe,
    words: WORDS.recipe,
  },
} as const satisfies Record<string, Target>

export const TARGETS = { ...MODELS, ...DATASETS, ...PARTS }

export type TargetName = keyof typeof TARGETS
