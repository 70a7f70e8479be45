/** TF.js graph models in a zip: the weights are read and pruned, the graph is kept as it is and run by TensorFlow. */
import { EspalierError } from '../../../errors.ts'
import type { ByteSource } from '../../bytes.ts'
import { openZip } from '../../zip.ts'
import type { ModelFormat } from '../format.ts'
import { isObject, parseObject, readJsonBytes, type Json } from '../json.ts'
import { zipNames } from '../keras.ts'
import { listed } from '../binding.ts'
import { isGraphModel, modelJsonIn } from '../tfjs-json.ts'
import { malformed, readManifest } from '../tfjs-manifest.ts'
import { encodeProgram, MODEL } from '../tensorflow/run-graph.ts'
import { bytesOf, constantsOf, filled } from './constants.ts'
import { readGraphDef } from './graph-def.ts'
import { graphLayers } from './layers.ts'
import { readRun } from './run.ts'
import { writeGraphModel, type TfjsGraphRest } from './write.ts'

export const tfjsGraph: ModelFormat<'tfjs-graph'> = {
  name: 'tfjs-graph',
  extension: '.zip',
  description: 'TensorFlow.js graph model: a zip of model.json and its weight files',
  becomes: { formats: [], reason: 'a TF.js graph model holds a TensorFlow graph instead of layers' },
  runtime: 'tensorflow-graph',
  called: 'a TF.js graph model',

  async sniff (source) {
    if (modelJsonIn(await zipNames(source)) === undefined) return false
    try {
      return isGraphModel((await openModel(source)).model)
    } catch (error) {
      // What is wrong with it, layers models tell.
      if (error instanceof EspalierError) return false
      throw error
    }
  },

  async read (source) {
    const { entries, folder, model } = await openModel(source)
    if (!isObject(model.modelTopology)) throw malformed('it has no "modelTopology"')
    const graphs = readGraphDef(model.modelTopology, 'the graph')
    const { modelInitializer = { node: [] } } = model
    if (!isObject(modelInitializer)) throw malformed('its "modelInitializer" is no graph')
    const initializer = readGraphDef(modelInitializer, 'the initializer')
    const files = new Map(entries.map((entry) => [entry.name, entry]))
    const groups = await readManifest(model.weightsManifest, (name) => files.get(folder + name))
    const { layers, shared } = graphLayers(graphs, initializer, groups)
    const run = readRun(model, constantsOf(groups))
    return {
      format: 'tfjs-graph',
      source,
      architecture: { name: folder === '' ? 'graph' : folder.slice(0, -1), layers: layers.map(({ layer }) => layer), ...('problem' in run ? run : { signature: run.signature }) },
      layers,
      config: {},
      producer: producerOf(model, groups.flatMap(({ weights }) => weights.flatMap(({ quantization }) => quantization?.dtype ?? [])), shared),
      hasOptimizerState: false,
      rest: { entries, folder, groups, ...('program' in run && { program: run.program }) } satisfies TfjsGraphRest,
    }
  },

  async write (model, changes, options, sink) {
    if (model.format !== 'tfjs-graph') {
      throw new EspalierError('unsupported-format', `a model cannot be converted from ${model.format} to tfjs-graph, which holds a TensorFlow graph; write it as ${model.format} and convert it with tensorflowjs`)
    }
    return await writeGraphModel(model, changes, options, sink)
  },

  async parts (model, changes) {
    const { groups, program } = model.rest as TfjsGraphRest
    if (program === undefined) throw new EspalierError('unsupported-layer', 'the model cannot be run here')
    const constants = constantsOf(groups)
    const content = async function * () { yield * encodeProgram(await filled(program, constants, changes)) }
    return { main: MODEL, files: [{ name: MODEL, bytes: bytesOf(constants), content }] }
  },
}

async function openModel (source: ByteSource) {
  const entries = await openZip(source)
  const path = modelJsonIn(entries.map(({ name }) => name))
  if (path === undefined) throw new EspalierError('invalid-model', 'the zip has no model.json')
  const model = parseObject(await readJsonBytes(await entries.find(({ name }) => name === path)!.source(), path), path)
  return { entries, folder: path.slice(0, -'model.json'.length), model }
}

function producerOf ({ generatedBy, convertedBy }: Json, quantized: readonly string[], shared: readonly string[]): Record<string, string> {
  return {
    ...(typeof generatedBy === 'string' && { generatedBy }),
    ...(typeof convertedBy === 'string' && { convertedBy }),
    ...(quantized.length > 0 && { quantized: `${[...new Set(quantized)].join(', ')}; stays so` }),
    ...(shared.length > 0 && { shared: `listed with one of the nodes that take them: ${listed(shared)}` }),
  }
}
