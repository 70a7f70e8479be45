/** From a tensor's own order to that of its matrix: rows are [positions * inputs], columns outputs. */
import { matricesOf, type Matrices } from '../../pruning/granularity/matrices.ts'
import type { LayerWeight, ModelLayer } from '../../models/model.ts'
import { sizeOf, type Shape } from '../../models/tensor.ts'
import { bytesFor } from './mask-bits.ts'

export interface MatrixOrder extends Matrices {
  readonly rows: number
  readonly columns: number
  /** The tensor lies in the order of its matrix already. */
  readonly isOwn: boolean
}

export function matrixOrderOf ({ path, className }: ModelLayer, { role, tensor, spec }: LayerWeight): MatrixOrder {
  const matrices = matricesOf({ name: `${path}/${role}`, shape: tensor.shape, className, role, ...(spec?.axes && { axes: spec.axes }) })
  const { axes, shape } = matrices
  const order = axes.flat().filter((axis) => shape[axis] !== 1)
  return { ...matrices, rows: matrices.positions * matrices.inputs, columns: matrices.outputs, isOwn: order.every((axis, index) => index === 0 || axis > order[index - 1]!) }
}

/** Bits of the tensor's order in that of the matrix. */
export function inMatrixOrder (bits: Uint8Array, order: MatrixOrder): Uint8Array {
  if (order.isOwn) return bits
  const sorted = new Uint8Array(bits.length)
  const [positions, inputs, outputs] = order.axes.map((kind) => offsetsOf(order.shape, kind)) as [number[], number[], number[]]
  let at = 0
  for (const position of positions) {
    for (const input of inputs) {
      for (let column = 0; column < outputs.length; column++, at++) {
        const from = position + input + outputs[column]!
        if ((bits[from >> 3]! & (0x80 >> (from & 7))) !== 0) sorted[at >> 3]! |= 0x80 >> (at & 7)
      }
    }
  }
  return sorted
}

/** Places that are left along each axis; null: all. */
export type KeptPlaces = ReadonlyArray<readonly number[] | null>

/** The mask of a tensor of which only some places are left: `values` in the order of what is left, bits in that of the whole tensor. */
export function packKept (values: Float32Array, kept: KeptPlaces, shape: Shape): Uint8Array {
  const bits = new Uint8Array(bytesFor(sizeOf(shape)))
  const all = shape.map((_, axis) => axis)
  const outer = offsetsOf(shape, all.slice(0, -1), kept)
  const inner = offsetsOf(shape, all.slice(-1), kept)
  let at = 0
  for (const from of outer) {
    for (const place of inner) {
      if (values[at++] !== 0) bits[(from + place) >> 3]! |= 0x80 >> ((from + place) & 7)
    }
  }
  return bits
}

/** Rows and columns of the matrix of which nothing is left. */
export function goneOf ({ shape, axes: [positions, inputs, outputs], rows, columns }: MatrixOrder, kept: KeptPlaces): { readonly rows: number, readonly columns: Array<[first: number, count: number]> } {
  const left = (axes: readonly number[]): boolean[] => axes.reduce<boolean[]>((flags, axis) => {
    const places = kept[axis]
    const own = Array.from({ length: shape[axis]! }, () => places === null || places === undefined)
    for (const place of places ?? []) own[place] = true
    return flags.flatMap((flag) => own.map((one) => flag && one))
  }, [true])
  const count = (axes: readonly number[]): number => left(axes).filter(Boolean).length
  const runs: Array<[number, number]> = []
  for (const [column, isLeft] of left(outputs).entries()) {
    if (isLeft) continue
    const last = runs.at(-1)
    if (last !== undefined && last[0] + last[1] === column) last[1]++
    else runs.push([column, 1])
  }
  return { rows: count(outputs) === 0 && columns > 0 ? rows : rows - count(positions) * count(inputs), columns: runs }
}

/** Where the places of these axes lie, flattened in their order; of those that are left. */
function offsetsOf (shape: Shape, axes: readonly number[], kept: KeptPlaces = []): number[] {
  return axes.reduce<number[]>((offsets, axis) => {
    const stride = sizeOf(shape.slice(axis + 1))
    const places = kept[axis] ?? Array.from({ length: shape[axis]! }, (_, place) => place)
    return offsets.flatMap((offset) => places.map((place) => offset + place * stride))
  }, [0])
}
