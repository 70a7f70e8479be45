/** Makes an ExportGraph operation by operation; shapes follow by themselves. */
import { EspalierError } from '../../errors.ts'
import { broadcast, frontAxis } from '../layers/shapes.ts'
import { sizeOf, type SymbolicShape } from '../tensor.ts'
import { permuted, sliced } from './constants.ts'
import type { ExportGraph, Operation, Value, ValueType } from './graph.ts'
import type { BINARY, COMPARISONS, Operator, OperatorName, Reducing, REDUCTIONS, UNARY } from './operators.ts'

export type Unary = typeof UNARY[number] | 'softmax' | 'logSoftmax'
export type Binary = typeof BINARY[number]
export type Comparison = typeof COMPARISONS[number]

/** A value, or a number that takes part as a constant. */
export type Term = Value | number

/** More would be a file that nobody can run: sequences are unrolled. */
const MAX_OPERATIONS = 100_000

export class GraphBuilder {
  readonly operations: Operation[] = []
  readonly #names = new Map<string, number>()
  readonly #scalars = new Map<string, Value>()
  /** Path of the layer whose operations are made now. */
  layer = ''

  /** An input of the graph. */
  input (name: string, shape: SymbolicShape): Value {
    return { name: this.#unique(name), shape, type: 'float32' }
  }

  constant (numbers: Float32Array | Int32Array, shape: readonly number[], name = 'constant'): Value {
    return { name: this.#unique(`${this.layer}/${name}`), shape, type: numbers instanceof Float32Array ? 'float32' : 'int32', numbers }
  }

  integers (list: readonly number[]): Value {
    return this.constant(Int32Array.from(list), [list.length])
  }

  scalar (value: number, type: ValueType = 'float32'): Value {
    const key = `${type} ${Object.is(value, -0) ? '-0' : value}`
    const known = this.#scalars.get(key)
    if (known !== undefined) return known
    const made = this.constant(type === 'int32' ? Int32Array.of(value) : Float32Array.of(value), [], 'scalar')
    this.#scalars.set(key, made)
    return made
  }

  term (term: Term, type: ValueType = 'float32'): Value {
    return typeof term === 'number' ? this.scalar(term, type) : term
  }

  apply<Name extends OperatorName> (kind: Name, inputs: readonly Value[], shape: SymbolicShape, attributes: Operator[Name], type: ValueType = 'float32'): Value {
    if (this.operations.length >= MAX_OPERATIONS) throw new EspalierError('limit-exceeded', `the layer "${this.layer}" makes more than ${MAX_OPERATIONS} operations of the model, which is too many to export`)
    const output: Value = { name: this.#unique(`${this.layer}/${kind}`), shape, type }
    this.operations.push({ kind, inputs, output, attributes, layer: this.layer } as unknown as Operation)
    return output
  }

  unary (kind: Unary, x: Value): Value {
    return this.apply(kind, [x], x.shape, {})
  }

  binary (kind: Binary, a: Term, b: Term): Value {
    const [x, y] = this.#both(a, b)
    return this.apply(kind, [x, y], broadcast(x.shape, y.shape), {}, x.type)
  }

  add (a: Term, b: Term): Value { return this.binary('add', a, b) }
  sub (a: Term, b: Term): Value { return this.binary('sub', a, b) }
  mul (a: Term, b: Term): Value { return this.binary('mul', a, b) }
  div (a: Term, b: Term): Value { return this.binary('div', a, b) }
  maximum (a: Term, b: Term): Value { return this.binary('maximum', a, b) }
  minimum (a: Term, b: Term): Value { return this.binary('minimum', a, b) }

  clip (x: Value, least: number, most: number): Value {
    return this.minimum(this.maximum(x, least), most)
  }

  compare (kind: Comparison, a: Term, b: Term): Value {
    const [x, y] = this.#both(a, b)
    return this.apply(kind, [x, y], broadcast(x.shape, y.shape), {}, 'bool')
  }

  logical (kind: 'logicalAnd' | 'logicalOr', a: Value, b: Value): Value {
    return this.apply(kind, [a, b], broadcast(a.shape, b.shape), {}, 'bool')
  }

  not (x: Value): Value {
    return this.apply('logicalNot', [x], x.shape, {}, 'bool')
  }

  select (condition: Value, a: Term, b: Term): Value {
    const [x, y] = this.#both(a, b)
    return this.apply('select', [condition, x, y], broadcast(condition.shape, broadcast(x.shape, y.shape)), {}, x.type)
  }

  cast (x: Value, type: ValueType): Value {
    return x.type === type ? x : this.apply('cast', [x], x.shape, {}, type)
  }

  /** What is not 0 is true. */
  bool (x: Value): Value {
    return x.type === 'bool' ? x : this.compare('notEqual', x, 0)
  }

  reduce (kind: typeof REDUCTIONS[number], x: Value, axes: readonly number[], keep = false): Value {
    const front = [...new Set(axes.map((axis) => frontAxis(axis, x.shape.length)))].sort((a, b) => a - b)
    const attributes: Reducing = { axes: front, keep }
    const shape = keep ? x.shape.map((size, axis) => front.includes(axis) ? 1 : size) : x.shape.filter((_, axis) => !front.includes(axis))
    return this.apply(kind, [x], shape, attributes, x.type)
  }

  /** Throws `unsupported-layer` where more than one size of the new shape is only known with the data. */
  reshape (x: Value, shape: SymbolicShape): Value {
    if (shape.length === x.shape.length && shape.every((size, axis) => size === x.shape[axis])) return x
    if (x.numbers !== undefined) return this.constant(x.numbers, shape as readonly number[])
    if (shape.filter((size) => size === null).length > 1) throw unknownSize(this.layer)
    return this.apply('reshape', [x], shape, {}, x.type)
  }

  transpose (x: Value, order: readonly number[]): Value {
    if (order.every((axis, index) => axis === index)) return x
    if (x.numbers !== undefined) return this.constant(permuted(x.numbers, x.shape as readonly number[], order), order.map((axis) => x.shape[axis]!))
    return this.apply('transpose', [x], order.map((axis) => x.shape[axis]!), { order }, x.type)
  }

  concat (parts: readonly Value[], axis: number): Value {
    const [first] = parts as [Value]
    const at = frontAxis(axis, first.shape.length)
    const joined = parts.reduce<number | null>((sum, { shape }) => sum === null || shape[at] === null ? null : sum + shape[at]!, 0)
    return this.apply('concat', parts, first.shape.map((size, index) => index === at ? joined : size), { axis: at }, first.type)
  }

  pad (x: Value, edges: ReadonlyArray<readonly [number, number]>, value = 0): Value {
    if (edges.every(([before, after]) => before === 0 && after === 0)) return x
    return this.apply('pad', [x], x.shape.map((size, axis) => size === null ? null : size + edges[axis]![0] + edges[axis]![1]), { edges, value }, x.type)
  }

  /** From `begin`, `count` values apart by `stride` of one axis; `count` null: all that there are. */
  slice (x: Value, axis: number, begin: number, count: number | null, stride = 1): Value {
    const at = frontAxis(axis, x.shape.length)
    const size = x.shape[at]!
    const left = count ?? (size === null ? null : Math.ceil((size - begin) / stride))
    if (begin === 0 && stride === 1 && left === size) return x
    const shape = x.shape.map((one, index) => index === at ? left : one)
    if (x.numbers !== undefined) return this.constant(sliced(x.numbers, x.shape as readonly number[], { axis: at, begin, count: left!, stride }), shape as readonly number[])
    const along = <T>(value: T, otherwise: T): T[] => x.shape.map((_, index) => index === at ? value : otherwise)
    return this.apply('slice', [x], shape, {
      begins: along(begin, 0), ends: along<number | null>(count === null ? null : begin + (count - 1) * stride + 1, null), strides: along(stride, 1),
    }, x.type)
  }

  split (x: Value, parts: number, axis = -1): Value[] {
    const size = x.shape.at(axis)! / parts
    return Array.from({ length: parts }, (_, index) => this.slice(x, axis, index * size, size))
  }

  tile (x: Value, times: readonly number[]): Value {
    if (times.every((one) => one === 1)) return x
    return this.apply('tile', [x], x.shape.map((size, axis) => size === null ? null : size * times[axis]!), { times }, x.type)
  }

  /** With an axis of size 1 more. */
  expand (x: Value, axis: number): Value {
    const at = frontAxis(axis, x.shape.length + 1)
    return this.reshape(x, [...x.shape.slice(0, at), 1, ...x.shape.slice(at)])
  }

  gather (x: Value, indices: Value, axis: number): Value {
    return this.apply('gather', [x, indices], [...x.shape.slice(0, axis), ...indices.shape, ...x.shape.slice(axis + 1)], { axis }, x.type)
  }

  /** x [..., inputs] times kernel [inputs, units], plus the bias. */
  dense (x: Value, kernel: Value, bias?: Value): Value {
    return this.apply('dense', bias === undefined ? [x, kernel] : [x, kernel, bias], [...x.shape.slice(0, -1), kernel.shape[1]!], {})
  }

  /** Of the last two axes; `adjoint`: of b's transposed. */
  matmul (a: Value, b: Value, adjoint = false): Value {
    const batch = broadcast(a.shape.slice(0, -2), b.shape.slice(0, -2))
    return this.apply('matmul', [a, b], [...batch, a.shape.at(-2)!, b.shape.at(adjoint ? -2 : -1)!], { adjoint })
  }

  finish (name: string, ends: Pick<ExportGraph, 'inputs' | 'outputs' | 'inputNames' | 'outputNames'>): ExportGraph {
    return { name, operations: this.operations, ...ends }
  }

  #both (a: Term, b: Term): [Value, Value] {
    const type = typeof a === 'number' ? (typeof b === 'number' ? 'float32' : b.type) : a.type
    return [this.term(a, type), this.term(b, type)]
  }

  #unique (name: string): string {
    const count = this.#names.get(name) ?? 0
    this.#names.set(name, count + 1)
    return count === 0 ? name : this.#unique(`${name}_${count}`)
  }
}

/** The error for a layer whose sizes have to be known. */
export function unknownSize (layer: string): EspalierError {
  return new EspalierError('unsupported-layer', `the layer "${layer}" has sizes besides the batch that are only known with the data; give the model's inputs fixed sizes to export it`, { layer })
}

/** A shape whose sizes are all known but the batch. Throws `unsupported-layer`. */
export function knownShape (shape: SymbolicShape, layer: string): number[] {
  return shape.map((size) => {
    if (size === null) throw unknownSize(layer)
    return size
  })
}

/** Elements of a shape without the batch. */
export function exampleLength (shape: SymbolicShape, layer: string): number {
  return sizeOf(knownShape(shape.slice(1), layer))
}
