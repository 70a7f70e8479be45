/** Constants of a graph with the values that the weight files have for them, in the types that the graph says. */
import type { TensorChanges } from '../../model.ts'
import { NUMBER_TYPES, sizeOf, type NumberType } from '../../tensor.ts'
import { encodeNumbers } from '../encode.ts'
import { datatypeOf, decodeNumbers } from '../hdf5/index.ts'
import { attribute, typeOf } from '../tensorflow/attributes.ts'
import { numberTypeOf } from '../tensorflow/dtypes.ts'
import { named, notRun } from '../tensorflow/fail.ts'
import type { GraphNode } from '../tensorflow/node-def.ts'
import type { Program } from '../tensorflow/run-graph.ts'
import type { ManifestGroup, ManifestWeight } from '../tfjs-manifest.ts'
import { changedBytes } from './write.ts'

/** A weight, and the group in whose files it lies. */
export interface Constant { readonly group: ManifestGroup, readonly weight: ManifestWeight }

/** By the name of the node. */
export type Constants = ReadonlyMap<string, Constant>

const COMPLEX64 = 8

export function constantsOf (groups: readonly ManifestGroup[]): Constants {
  return new Map(groups.flatMap((group) => group.weights.map((weight) => [weight.name, { group, weight }] as const)))
}

/** About what all values take, which are not quantized when they are run. */
export function bytesOf (constants: Constants): number {
  return [...constants.values()].reduce((sum, { weight: { shape, bytes } }) => sum + Math.max(bytes, sizeOf(shape) * NUMBER_TYPES.float32), 0)
}

/** Throws `unsupported-layer` naming a constant that has no values, or such as are not told to TensorFlow. */
export function assertFillable ({ nodes, functions }: Program, constants: Constants): void {
  for (const node of [...nodes, ...functions.flatMap((one) => [...one.nodes.values()])]) if (node.op === 'Const') typesOf(node, constants)
}

/** The program with all values, and `changes` to them. */
export async function filled (program: Program, constants: Constants, changes: TensorChanges): Promise<Program> {
  const fill = async (nodes: Iterable<GraphNode>): Promise<GraphNode[]> => {
    const all: GraphNode[] = []
    for (const node of nodes) all.push(node.op === 'Const' ? await withValue(node, constants, changes) : node)
    return all
  }
  const functions = []
  for (const one of program.functions) functions.push({ ...one, nodes: new Map((await fill(one.nodes.values())).map((node) => [node.name, node])) })
  return { ...program, nodes: await fill(program.nodes), functions }
}

interface Types { readonly constant: Constant, readonly dtype: number, readonly type: NumberType | undefined }

function typesOf ({ name, attributes }: GraphNode, constants: Constants): Types {
  const constant = constants.get(name)
  if (constant === undefined) throw notRun(`the constant ${named(name)} of its graph is none of its weights`)
  const dtype = typeOf(attributes.get('dtype')) ?? 0
  const type = numberTypeOf(dtype)
  const { stored, dtype: kind } = constant.weight
  if (type === undefined ? !(dtype === COMPLEX64 && kind === 'complex64') : stored === undefined) {
    throw notRun(`the constant ${named(name)} of its graph holds ${kind === 'string' ? 'texts' : `values of dtype ${kind}`}, which are not run here`)
  }
  return { constant, dtype, type }
}

async function withValue (node: GraphNode, constants: Constants, changes: TensorChanges): Promise<GraphNode> {
  const { constant: { group, weight }, dtype, type } = typesOf(node, constants)
  const change = changes.get(weight.name)
  const { at, bytes } = weight
  const raw = change === undefined ? await group.source.read(at, bytes) : await changedBytes(group, weight, change, at, at + bytes)
  const contents = type === undefined ? raw : converted(raw, weight, type)
  return { ...node, attributes: new Map([...node.attributes, ['value', attribute.tensor(dtype, weight.shape, contents)]]) }
}

/** Bytes as they are stored as those of `type`. */
function converted (raw: Uint8Array, { stored, dtype, quantization }: ManifestWeight, type: NumberType): Uint8Array {
  const isAffine = quantization !== undefined && quantization.dtype !== 'float16'
  if (stored === type && !isAffine) return raw
  if (stored === 'int32' && !isAffine) return wholeAs(new Int32Array(raw.slice().buffer), type)
  const values = decodeNumbers(raw, datatypeOf(stored!))
  const { scale, min } = isAffine ? quantization : { scale: 1, min: 0 }
  const numbers = isAffine ? values.map((code) => code * scale + min) : values
  return encodeNumbers(dtype === 'int32' ? numbers.map(Math.round) : numbers, datatypeOf(type))
}

/** TF.js has no whole numbers but those of 32 bits; as float32 they would lose digits. */
function wholeAs (values: Int32Array, type: NumberType): Uint8Array {
  if (type === 'int64' || type === 'uint64') return new Uint8Array(BigInt64Array.from(values, BigInt).buffer)
  if (type === 'uint32') return new Uint8Array(values.buffer)
  return encodeNumbers(Float32Array.from(values), datatypeOf(type))
}
