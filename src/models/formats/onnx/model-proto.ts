/** ModelProto and GraphProto: who made the file, and where its nodes and initializers lie. */
import { assertAtMost, malformed } from './fail.ts'
import { ONNX_LIMITS } from './limits.ts'
import { textIf } from './text.ts'
import { MAX_VARINT, readVarint, signedOf } from '../protobuf/varint.ts'
import { assertWire, rangeOf, type Field, type Range, type Wire } from '../protobuf/wire.ts'

/** Fields of ModelProto by number, with their wire types. Source: onnx.proto of ONNX 1.20. */
const MODEL_FIELDS = {
  1: ['ir_version', 0], 2: ['producer_name', 2], 3: ['producer_version', 2], 4: ['domain', 2], 5: ['model_version', 0], 6: ['doc_string', 2],
  7: ['graph', 2], 8: ['opset_import', 2], 14: ['metadata_props', 2], 20: ['training_info', 2], 25: ['functions', 2], 26: ['configuration', 2],
} as const satisfies Readonly<Record<number, readonly [name: string, wire: 0 | 2]>>

/** An ir_version above it is none: ONNX 1.20 writes 13. */
const MAX_IR_VERSION = 1000

/** Fields that are looked at to tell an ONNX file from others, which have no signature. */
const SNIFFED_FIELDS = 4096

export interface OnnxModel {
  /** As the file says: producer, IR version, operator sets. */
  readonly producer: Readonly<Record<string, string>>
  readonly graph: OnnxGraph
}

export interface OnnxGraph {
  readonly name: string
  readonly nodes: readonly Range[]
  readonly initializers: readonly Range[]
  readonly sparse: readonly Range[]
  readonly inputs: readonly Range[]
  readonly outputs: readonly Range[]
}

/** Has the file an ir_version and a graph among its first fields? One that is damaged or cut off within a field of a model still counts as one. */
export async function looksLikeModel (wire: Wire): Promise<boolean> {
  const { size } = wire.source
  let [seen, version, graph, next] = [0, false, false, 0]
  try {
    await wire.walk({ start: 0, end: size }, 'the model', (field) => {
      assertModelField(field)
      if (field.number === 1) version = isVersion(field.value!)
      if (field.number === 7) graph = true
      next = field.end
      return ++seen < SNIFFED_FIELDS && !(version && graph)
    })
    return version && graph
  } catch {
    const tag = readVarint(await wire.bytes({ start: next, end: Math.min(next + MAX_VARINT, size) }), 0, 'the model')?.value
    return version && Object.entries(MODEL_FIELDS).some(([number, [, type]]) => tag === Number(number) * 8 + type)
  }
}

/** Throws `invalid-model` for a model without a graph, or with what is malformed in it. */
export async function readModelProto (wire: Wire): Promise<OnnxModel> {
  const texts = new Map<'name' | 'version' | 'domain', Range>()
  const opsets: Range[] = []
  let [graph, irVersion]: [Range | undefined, string | undefined] = [undefined, undefined]
  await wire.walk({ start: 0, end: wire.source.size }, 'the model', (field) => {
    assertModelField(field)
    const range = rangeOf(field, undefined)
    switch (field.number) {
      case 1:
        if (!isVersion(field.value!)) throw malformed(`the model has ir_version ${field.value}`)
        irVersion = String(field.value)
        return
      case 2: texts.set('name', range); return
      case 3: texts.set('version', range); return
      case 4: texts.set('domain', range); return
      case 7:
        if (graph !== undefined) throw malformed('the model has two graphs')
        graph = range
        return
      case 8:
        opsets.push(range)
        return assertAtMost(opsets.length, ONNX_LIMITS.opsets, 'operator sets')
    }
  })
  if (graph === undefined) throw malformed('the model has no graph')
  const text = async (key: 'name' | 'version' | 'domain', what: string) => await textIf(wire, texts.get(key), what)
  const told = {
    producerName: await text('name', 'producer_name'),
    producerVersion: await text('version', 'producer_version'),
    domain: await text('domain', 'domain'),
    irVersion: irVersion ?? '',
    opsets: await opsetsOf(wire, opsets),
  }
  return { producer: Object.fromEntries(Object.entries(told).filter(([, value]) => value !== '')), graph: await readGraph(wire, graph) }
}

async function readGraph (wire: Wire, range: Range): Promise<OnnxGraph> {
  const [nodes, initializers, sparse, inputs, outputs]: [Range[], Range[], Range[], Range[], Range[]] = [[], [], [], [], []]
  let name: Range | undefined
  const add = (list: Range[], field: Field, what: 'node' | 'initializer' | 'sparse_initializer' | 'input' | 'output', limit: number): void => {
    assertWire(field, `${what} of the graph`, 2)
    list.push(rangeOf(field, range.prefix))
    assertAtMost(list.length, limit, `${what}s`)
  }
  await wire.walk(range, 'the graph', (field) => {
    switch (field.number) {
      case 1: return add(nodes, field, 'node', ONNX_LIMITS.nodes)
      case 2:
        assertWire(field, 'name of the graph', 2)
        name = rangeOf(field, range.prefix)
        return
      case 5: return add(initializers, field, 'initializer', ONNX_LIMITS.initializers)
      // Files of old versions list every initializer among the inputs too.
      case 11: return add(inputs, field, 'input', ONNX_LIMITS.initializers)
      case 12: return add(outputs, field, 'output', ONNX_LIMITS.nodeValues)
      case 15: return add(sparse, field, 'sparse_initializer', ONNX_LIMITS.initializers)
    }
  })
  return { name: await textIf(wire, name, 'name of the graph'), nodes, initializers, sparse, inputs, outputs }
}

/** `ai.onnx 17, com.microsoft 1`. */
async function opsetsOf (wire: Wire, ranges: readonly Range[]): Promise<string> {
  const all: string[] = []
  for (const range of ranges) {
    let [domain, version]: [Range | undefined, number | undefined] = [undefined, 0]
    await wire.walk(range, 'opset_import', (field) => {
      if (field.number === 1) {
        assertWire(field, 'domain of opset_import', 2)
        domain = rangeOf(field, range.prefix)
      } else if (field.number === 2) {
        assertWire(field, 'version of opset_import', 0)
        version = signedOf(field.value!)
      }
    })
    all.push(`${await textIf(wire, domain, 'domain of opset_import') || 'ai.onnx'} ${version ?? '?'}`)
  }
  return all.join(', ')
}

function assertModelField (field: Field): void {
  if (!Object.hasOwn(MODEL_FIELDS, field.number)) return
  const [name, wire] = MODEL_FIELDS[field.number as keyof typeof MODEL_FIELDS]
  assertWire(field, `${name} of the model`, wire)
}

function isVersion (value: number | bigint): boolean {
  return value >= 1 && value <= MAX_IR_VERSION
}
