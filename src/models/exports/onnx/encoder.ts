/** Gathers nodes and initializers of an ONNX model while a graph is encoded. */
import { permuted } from '../constants.ts'
import type { Quantization } from '../tflite/model.ts'
import type { Value } from '../graph.ts'
import { nodeMessage, type Attribute, type DataType, type Initializer } from './messages.ts'

/** The constant kernel of a product, in the layout of its operator; `axis` is that of the outputs. */
export interface Kernel { readonly name: string, readonly values: Float32Array, readonly shape: readonly number[], readonly axis: number, readonly operator: 'convolution' | 'product' }

/** How kernels and biases of products are written, where not in float32. */
export interface Rounding {
  /** Scales are of the outputs, where there is one for each. */
  kernel (e: OnnxEncoder, kernel: Kernel): { readonly name: string, readonly scales?: readonly number[] }
  /** `steps`: scales of the kernel times that of the input. */
  bias? (e: OnnxEncoder, bias: Value, steps: readonly number[]): string
}

export class OnnxEncoder {
  readonly nodes: Uint8Array[] = []
  readonly initializers: Initializer[] = []
  readonly #constants = new Map<Value, string>()
  readonly #kernels = new Map<string, ReturnType<Rounding['kernel']>>()
  readonly #rounded = new Map<Value, { readonly name: string, readonly quantization: Quantization }>()
  readonly #rounding: Rounding | undefined
  #count = 0

  constructor (rounding?: Rounding) {
    this.#rounding = rounding
  }

  /** The name of a value; constants become initializers when they are first asked for. */
  name (value: Value): string {
    if (value.numbers === undefined) return this.#rounded.get(value)?.name ?? value.name
    const known = this.#constants.get(value)
    if (known !== undefined) return known
    const name = this.constant(value.name, value.shape as number[], value.type, value.numbers)
    this.#constants.set(value, name)
    return name
  }

  /** A constant with its axes in another order, and perhaps in another shape of the same order. */
  laidOut (value: Value, order: readonly number[], shape = order.map((axis) => value.shape[axis]!)): string {
    return this.constant(value.name, shape, value.type, permuted(value.numbers!, value.shape as number[], order))
  }

  /** The kernel and, where there is one, the bias of a product of `x`: order and shape as in laidOut. */
  product (operator: Kernel['operator'], [x, kernel, bias]: readonly Value[], axis: number, order: readonly number[], shape?: number[]): string[] {
    const laid = (): string => order.every((one, index) => one === index) ? this.name(kernel!) : this.laidOut(kernel!, order, shape)
    if (this.#rounding === undefined || kernel!.numbers === undefined) return [laid(), ...bias === undefined ? [] : [this.name(bias)]]
    const sizes = shape ?? order.map((at) => kernel!.shape[at]!)
    const key = `${kernel!.name} ${operator} ${sizes.join(',')}`
    const known = this.#kernels.get(key) ?? this.#rounding.kernel(this, { name: kernel!.name, values: permuted(kernel!.numbers as Float32Array, kernel!.shape as number[], order), shape: sizes, axis, operator })
    this.#kernels.set(key, known)
    if (bias === undefined) return [known.name]
    const input = this.#rounded.get(x!)?.quantization
    const steps = input === undefined ? undefined : known.scales?.map((scale) => scale * input.scales[0]!)
    return [known.name, steps === undefined || this.#rounding.bias === undefined || bias.numbers === undefined ? this.name(bias) : this.#rounding.bias(this, bias, steps)]
  }

  /** The quantization that readers of a result find in it. */
  quantizationOf (value: Value): Quantization | undefined {
    return this.#rounded.get(value)?.quantization
  }

  /** From now on all who read `value` read `name`. */
  replace (value: Value, name: string, quantization: Quantization): void {
    this.#rounded.set(value, { name, quantization })
  }

  integers (list: ReadonlyArray<number | bigint>): string {
    return this.constant('integers', [list.length], 'int64', BigInt64Array.from(list, BigInt))
  }

  number (value: number): string {
    return this.constant('number', [], 'float32', Float32Array.of(value))
  }

  /** A node whose result has a name of its own, which is given back. */
  between (operator: string, inputs: readonly string[], attributes: Readonly<Record<string, Attribute>> = {}): string {
    const name = `between_${this.#count++}`
    this.add(operator, inputs, name, attributes)
    return name
  }

  add (operator: string, inputs: readonly string[], output: string | readonly string[], attributes: Readonly<Record<string, Attribute>> = {}): void {
    this.nodes.push(nodeMessage(operator, `${operator}_${this.nodes.length}`, inputs, typeof output === 'string' ? [output] : output, attributes))
  }

  /** A constant; `name` is made unique. */
  constant (name: string, shape: readonly number[], type: DataType, numbers: ArrayBufferView): string {
    const unique = `${name}#${this.#count++}`
    this.initializers.push({ name: unique, shape, type, data: new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength) })
    return unique
  }
}
