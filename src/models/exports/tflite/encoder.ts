/** Gathers tensors and operators of a TFLite model while a graph is encoded. */
import type { Value } from '../graph.ts'
import { permuted } from '../constants.ts'
import type { TfliteOperator, TfliteTensor } from './model.ts'
import type { BuiltinName, TensorType } from './schema.ts'

type Options = TfliteOperator['options']

export class TfliteEncoder {
  readonly tensors: TfliteTensor[] = []
  readonly operators: TfliteOperator[] = []
  readonly #indices = new Map<Value, number>()
  readonly #layouts = new Map<string, number>()
  readonly #bytes = new Map<ArrayBufferView, Uint8Array>()

  /** The tensor of a value, made when it is first asked for. */
  tensor (value: Value): number {
    const known = this.#indices.get(value)
    if (known !== undefined) return known
    const index = this.#push({ name: value.name, ...shapesOf(value), type: value.type, ...value.numbers !== undefined && { data: this.#bytesOf(value.numbers) } })
    this.#indices.set(value, index)
    return index
  }

  /** A constant in the order of axes that an operator wants, and in another shape of the same order. */
  laidOut (value: Value, order: readonly number[], shape = order.map((axis) => value.shape[axis]!)): number {
    const key = `${this.tensorKey(value)} ${order.join(',')} ${shape.join(',')}`
    const known = this.#layouts.get(key)
    if (known !== undefined) return known
    const numbers = permuted(value.numbers!, value.shape as number[], order)
    const index = this.#push({ name: value.name, shape, type: value.type, data: this.#bytesOf(numbers) })
    this.#layouts.set(key, index)
    return index
  }

  integers (list: readonly number[], shape: readonly number[] = [list.length]): number {
    const key = `int32 ${list.join(',')} ${shape.join(',')}`
    const known = this.#layouts.get(key)
    if (known !== undefined) return known
    const index = this.#push({ name: `integers_${this.tensors.length}`, shape, type: 'int32', data: this.#bytesOf(Int32Array.from(list)) })
    this.#layouts.set(key, index)
    return index
  }

  float (value: number): number {
    return this.#push({ name: `number_${this.tensors.length}`, shape: [], type: 'float32', data: this.#bytesOf(Float32Array.of(value)) })
  }

  zeros (length: number): number {
    const key = `zeros ${length}`
    const known = this.#layouts.get(key)
    if (known !== undefined) return known
    const index = this.#push({ name: `zeros_${this.tensors.length}`, shape: [length], type: 'float32', data: this.#bytesOf(new Float32Array(length)) })
    this.#layouts.set(key, index)
    return index
  }

  /** A result that no value of the graph stands for. */
  between (name: string, shape: readonly number[], type: TensorType): number {
    return this.#push({ name: `${name}_${this.tensors.length}`, shape, type })
  }

  add (builtin: BuiltinName, inputs: readonly number[], outputs: readonly number[], options: Options = {}, version = 1): void {
    this.operators.push({ builtin, version, inputs, outputs, options })
  }

  tensorKey (value: Value): string {
    let key = this.#keys.get(value)
    if (key === undefined) this.#keys.set(value, key = String(this.#keys.size))
    return key
  }

  readonly #keys = new Map<Value, string>()

  #push (tensor: TfliteTensor): number {
    this.tensors.push(tensor)
    return this.tensors.length - 1
  }

  /** One array has one copy in the file, however many tensors show it. */
  #bytesOf (numbers: Float32Array | Int32Array): Uint8Array {
    let bytes = this.#bytes.get(numbers)
    if (bytes === undefined) this.#bytes.set(numbers, bytes = new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength))
    return bytes
  }
}

function shapesOf ({ shape }: Value): Pick<TfliteTensor, 'shape' | 'signature'> {
  return { shape: shape.map((size) => size ?? 1), ...shape.includes(null) && { signature: shape.map((size) => size ?? -1) } }
}
