/** Folds factors and shifts of channels, as batch normalisation has them, into the product before. */
import { sizeOf } from '../tensor.ts'
import { countReads, withoutDead, type ExportGraph, type Operation, type Value } from './graph.ts'

const PRODUCTS = new Set(['conv2d', 'depthwise', 'conv3d', 'dense'])

/** A product with the constants that came behind it. */
type Product = Extract<Operation, { kind: 'conv2d' | 'depthwise' | 'conv3d' | 'dense' }>

/** `product * factor + shift` becomes one product where nothing else reads what is between. */
export function foldAffine (graph: ExportGraph): ExportGraph {
  const reads = countReads(graph)
  const made = new Map<Value, number>()
  const operations: Operation[] = []
  for (const operation of graph.operations) {
    const folded = foldInto(operation, (value) => reads.get(value) === 1 ? operations[made.get(value) ?? -1] : undefined)
    if (folded === undefined) {
      made.set(operation.output, operations.length)
      operations.push(operation)
    } else {
      const at = made.get(folded.from)!
      made.set(operation.output, at)
      operations[at] = folded.product
    }
  }
  return withoutDead({ ...graph, operations })
}

function foldInto (operation: Operation, producerOf: (value: Value) => Operation | undefined): { product: Product, from: Value } | undefined {
  if (operation.kind !== 'mul' && operation.kind !== 'add') return undefined
  const [from, constant] = operation.inputs as [Value, Value]
  const product = producerOf(from)
  if (constant.numbers === undefined || product === undefined || !isProduct(product)) return undefined
  const channels = from.shape.at(-1)!
  // Along the last axis alone, or one number for all.
  if (String(operation.output.shape) !== String(from.shape) || ![1, channels].includes(sizeOf(constant.shape as number[])) || constant.shape.some((size, axis) => size !== 1 && axis < constant.shape.length - 1)) return undefined
  const numbers = new Float32Array(channels).map((_, at) => constant.numbers![constant.numbers!.length === 1 ? 0 : at]!)
  return { product: operation.kind === 'mul' ? scaled(product, numbers, operation) : shifted(product, numbers, operation), from }
}

function isProduct (operation: Operation): operation is Product {
  return PRODUCTS.has(operation.kind) && operation.inputs[1]!.numbers !== undefined && (operation.inputs[2] === undefined || operation.inputs[2].numbers !== undefined)
}

function scaled (product: Product, factor: Float32Array, { output }: Operation): Product {
  const [x, kernel, bias] = product.inputs as [Value, Value, Value | undefined]
  // Both last axes of a depthwise kernel are channels, as the one last axis of others is.
  const scaledBy = (one: Value): Value => ({ ...one, name: `${one.name}*${output.name}`, numbers: (one.numbers as Float32Array).map((value, at) => value * factor[at % factor.length]!) })
  return { ...product, inputs: [x, scaledBy(kernel), ...bias === undefined ? [] : [scaledBy(bias)]], output } as Product
}

function shifted (product: Product, shift: Float32Array, { output }: Operation): Product {
  const [x, kernel, bias] = product.inputs as [Value, Value, Value | undefined]
  const numbers = shift.map((value, at) => value + (bias?.numbers![at] ?? 0))
  return { ...product, inputs: [x, kernel, { name: `${output.name}/bias`, shape: [shift.length], type: 'float32', numbers }], output } as Product
}
