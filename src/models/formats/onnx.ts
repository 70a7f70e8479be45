/** ONNX models: a .onnx file, or a zip of one with the data files that hold its larger tensors. */
import { EspalierError } from '../../errors.ts'
import type { ModelFile } from '../model.ts'
import { openZip } from '../zip.ts'
import type { ModelFormat } from './format.ts'
import { zipNames } from './keras.ts'
import { dataFiles, type DataFiles } from './onnx/external.ts'
import { malformed } from './onnx/fail.ts'
import { readGraphWeights } from './onnx/graph-weights.ts'
import { looksLikeModel, readModelProto } from './onnx/model-proto.ts'
import { readNode, type OnnxNode } from './onnx/node-proto.ts'
import { overlappingTensors } from './onnx/overlap.ts'
import { readSignature } from './onnx/signature.ts'
import { readSparseName } from './onnx/sparse.ts'
import { readTensor, type OnnxTensor } from './onnx/tensor.ts'
import { readValueInfo, type ValueInfo } from './onnx/value-info.ts'
import { Wire, type Range } from './protobuf/wire.ts'
import { folderOf, onnxParts, writeOnnx, type OnnxRest } from './onnx/write.ts'

/** Names listed in the producer's note on shared weights. */
const MAX_LISTED = 12

export const onnx: ModelFormat<'onnx'> = {
  name: 'onnx',
  extension: '.onnx',
  description: 'ONNX (.onnx), alone or in a zip with its external data',
  becomes: { formats: [], reason: 'an ONNX model has no Keras configuration' },
  runtime: 'onnxruntime',
  called: 'an ONNX model',

  extensionOf: (model) => (model.rest as OnnxRest).zip === undefined ? '.onnx' : '.zip',

  async sniff (source) {
    const names = await zipNames(source)
    return names.length > 0 ? modelName(names) !== undefined : await looksLikeModel(new Wire(source))
  },

  async read (source) {
    const names = await zipNames(source)
    if (names.length === 0) return await readFile(new Wire(source), new Map(), { source })
    const name = modelName(names)
    if (name === undefined) throw malformed('the zip has no .onnx file, or several equally near to its root')
    const zip = await openZip(source)
    const files = dataFiles(zip, '')
    const folder = folderOf(name)
    const beside = new Map([...files].flatMap(([path, file]) => path.startsWith(folder) && path !== name ? [[path.slice(folder.length), file] as const] : []))
    return await readFile(new Wire(files.get(name)!), beside, { source, zip: { name, entries: zip.map((entry) => ({ entry, source: files.get(entry.name)! })) } })
  },

  async write (model, changes, _, sink) {
    if (model.format !== 'onnx') {
      throw new EspalierError('unsupported-format', `a ${model.format} model cannot be converted to ONNX; write it as ${model.format}`, { from: model.format })
    }
    return await writeOnnx(model, changes, sink)
  },

  parts: onnxParts,
}

async function readFile (wire: Wire, files: DataFiles, { source, zip }: Pick<ModelFile, 'source'> & Pick<OnnxRest, 'zip'>): Promise<ModelFile> {
  const { producer, graph } = await readModelProto(wire)
  const initializers = new Map<string, OnnxTensor>()
  const add = (tensor: OnnxTensor): void => {
    if (initializers.has(tensor.name)) throw malformed(`two initializers have the name ${tensor.name}`, { initializer: tensor.name })
    initializers.set(tensor.name, tensor)
  }
  for (const [index, range] of graph.initializers.entries()) add(await readTensor(wire, range, index, files))
  for (const [index, range] of graph.sparse.entries()) add({ name: await readSparseName(wire, range, index), places: [], problem: 'sparse tensors are not read here' })
  const nodes: OnnxNode[] = []
  for (const [index, range] of graph.nodes.entries()) nodes.push(await readNode(wire, range, index))
  const { layers, shared } = await readGraphWeights(wire, nodes, initializers)
  const values = async (ranges: readonly Range[], what: string): Promise<ValueInfo[]> => {
    const read: ValueInfo[] = []
    for (const [index, range] of ranges.entries()) read.push(await readValueInfo(wire, range, `${what} ${index}`))
    return read
  }
  const [inputs, outputs] = [await values(graph.inputs, 'input'), await values(graph.outputs, 'output')]
  return {
    format: 'onnx',
    source,
    architecture: {
      name: graph.name,
      layers: layers.map(({ layer }) => layer),
      ...await readSignature(wire, { inputs, outputs, nodes, initializers }),
    },
    layers,
    config: {},
    producer: { ...producer, ...(shared.length > 0 && { shared: `listed with the first node that takes them: ${listed(shared)}` }) },
    hasOptimizerState: false,
    rest: { initializers, overlapping: overlappingTensors(initializers), ...(zip !== undefined && { zip }) } satisfies OnnxRest,
  }
}

/** The .onnx file nearest to the root; undefined when there is none, or several equally near. */
function modelName (names: readonly string[]): string | undefined {
  const found = names.filter((name) => name.endsWith('.onnx') && !name.startsWith('__MACOSX/'))
  const depth = (name: string) => name.split('/').length
  const nearest = found.reduce((least, name) => Math.min(least, depth(name)), Infinity)
  const [first, ...others] = found.filter((name) => depth(name) === nearest)
  return others.length === 0 ? first : undefined
}

function listed (names: readonly string[]): string {
  return names.slice(0, MAX_LISTED).join(', ') + (names.length > MAX_LISTED ? ` and ${names.length - MAX_LISTED} more` : '')
}
