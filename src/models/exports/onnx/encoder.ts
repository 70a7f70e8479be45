/** Gathers nodes and initializers of an ONNX model while a graph is encoded. */
import { permuted } from '../constants.ts'
import type { Value } from '../graph.ts'
import { nodeMessage, type Attribute, type DataType, type Initializer } from './messages.ts'

export class OnnxEncoder {
  readonly nodes: Uint8Array[] = []
  readonly initializers: Initializer[] = []
  readonly #constants = new Map<Value, string>()
  #count = 0

  /** The name of a value; constants become initializers when they are first asked for. */
  name (value: Value): string {
    if (value.numbers === undefined) return value.name
    const known = this.#constants.get(value)
    if (known !== undefined) return known
    const name = this.#add(value.name, value.shape as number[], value.type, value.numbers)
    this.#constants.set(value, name)
    return name
  }

  /** A constant with its axes in another order, and perhaps in another shape of the same order. */
  laidOut (value: Value, order: readonly number[], shape = order.map((axis) => value.shape[axis]!)): string {
    return this.#add(value.name, shape, value.type, permuted(value.numbers!, value.shape as number[], order))
  }

  integers (list: ReadonlyArray<number | bigint>): string {
    return this.#add('integers', [list.length], 'int64', BigInt64Array.from(list, BigInt))
  }

  number (value: number): string {
    return this.#add('number', [], 'float32', Float32Array.of(value))
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

  #add (name: string, shape: readonly number[], type: DataType, numbers: ArrayBufferView): string {
    const unique = `${name}#${this.#count++}`
    this.initializers.push({ name: unique, shape, type, data: new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength) })
    return unique
  }
}
