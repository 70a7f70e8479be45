/** TensorFlow SavedModels in a zip or tar: the variables are read and pruned, the graph is kept as it is and run by one of its signatures. */
import { EspalierError } from '../../../errors.ts'
import type { ModelFormat } from '../format.ts'
import { zipNames } from '../keras.ts'
import { MODEL, type Program } from '../tensorflow/run-graph.ts'
import { isTarred, openArchive, type Archive, type ArchiveFile } from './archive.ts'
import { readBundle, type Bundle } from './bundle.ts'
import { assertAtMost, malformed, unsupported } from './fail.ts'
import { OBJECT_GRAPH_KEY, savedLayers, type SavedLayers } from './layers.ts'
import { readObjectGraph, type ObjectGraph } from './object-graph.ts'
import { openShards, type Shards } from './shards.ts'
import { readRun } from './run.ts'
import { readText } from './strings.ts'
import { INDEX, savedModelParts, writeSavedModel } from './write.ts'

/** What the format needs to write the file back. */
export interface SavedModelRest {
  readonly archive: Archive
  readonly index: { readonly name: string, readonly bytes: Uint8Array }
  readonly shards: Shards
  readonly places: SavedLayers['places']
  /** What is run in place of the file's own graph; absent when it is not run. */
  readonly program?: Program
}

/** An index is held in memory; a model of ten thousand variables has about 1 MB. */
const MAX_INDEX_BYTES = 64 * 2 ** 20

export const savedmodel: ModelFormat<'savedmodel'> = {
  name: 'savedmodel',
  extension: '.zip',
  description: 'TensorFlow SavedModel: a zip, .tar or .tar.gz of saved_model.pb and the folder variables',
  becomes: { formats: [], reason: 'a SavedModel holds a TensorFlow graph instead of layers' },
  runtime: 'tensorflow-graph',
  called: 'a SavedModel',

  extensionOf: (model) => (model.rest as SavedModelRest).archive.extension,

  async sniff (source) {
    return folderIn(await zipNames(source)) !== undefined || await isTarred(source)
  },

  async read (source) {
    const archive = await openArchive(source)
    const folder = folderIn(archive.files.map(({ name }) => name))
    if (folder === undefined) throw malformed(`the archive has no ${MODEL} at its top or in one folder`)
    const find = (name: string) => archive.files.find((file) => file.name === folder + name)
    const index = await readIndex(find(INDEX))
    const bundle = readBundle(index.bytes)
    const shards = openShards(bundle, find)
    const { layers, places, hasOptimizerState } = savedLayers(bundle.entries, await graphOf(bundle, shards), shards.sourceOf)
    const run = await readRun(find(MODEL)!, new Set(bundle.entries.map(({ key }) => key)))
    return {
      format: 'savedmodel',
      source,
      architecture: { name: folder === '' ? 'savedmodel' : folder.slice(0, -1), layers: layers.map(({ layer }) => layer), ...('problem' in run ? run : { signature: run.signature }) },
      layers,
      config: {},
      producer: {},
      hasOptimizerState,
      keepsOptimizerState: true,
      rest: { archive, index, shards, places, ...('program' in run && { program: run.program }) } satisfies SavedModelRest,
    }
  },

  async write (model, changes, options, sink) {
    if (model.format !== 'savedmodel') {
      throw new EspalierError('unsupported-format', `a model cannot be converted from ${model.format} to savedmodel, which holds a TensorFlow graph; write it as ${model.format} and export it with Keras`)
    }
    return await writeSavedModel(model, changes, options, sink)
  },

  parts: savedModelParts,
}

/** The folder of the model within the zip, with a slash at its end, or ''; undefined when there is none, or several. */
function folderIn (names: readonly string[]): string | undefined {
  const found = names.filter((name) => (name === MODEL || name.endsWith(`/${MODEL}`)) && name.split('/').length <= 2 && !name.startsWith('__MACOSX/'))
  const nearest = found.includes(MODEL) ? [MODEL] : found
  return nearest.length === 1 ? nearest[0]!.slice(0, -MODEL.length) : undefined
}

async function readIndex (entry: ArchiveFile | undefined): Promise<SavedModelRest['index']> {
  if (entry === undefined) throw unsupported(`it has no ${INDEX}: its weights are constants of the graph, or it has none; models with variables are read`)
  assertAtMost(entry.size, MAX_INDEX_BYTES, `bytes of ${INDEX}`)
  const source = await entry.source()
  return { name: entry.name, bytes: await source.read(0, source.size) }
}

/** Absent in models that TensorFlow 1 wrote. */
async function graphOf ({ entries }: Bundle, { sourceOf }: Shards): Promise<ObjectGraph | undefined> {
  const entry = entries.find(({ key }) => key === OBJECT_GRAPH_KEY)
  return entry === undefined ? undefined : readObjectGraph(await readText(entry, sourceOf(entry)))
}
