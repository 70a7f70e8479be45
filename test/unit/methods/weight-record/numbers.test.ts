/** What a record tells of values, masks and windows, beside numpy. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { newGap, widenGap } from '../../../../src/methods/weight-record/gap.ts'
import { bytesFor, countBits, packNonzeros, packRaw } from '../../../../src/methods/weight-record/mask-bits.ts'
import { goneOf, inMatrixOrder, matrixOrderOf, packKept, type MatrixOrder } from '../../../../src/methods/weight-record/matrix-order.ts'
import { createSpread, histogramOf, type SpreadFigures } from '../../../../src/methods/weight-record/spread.ts'
import type { StoredTensorRecord } from '../../../../src/methods/weight-record/record.ts'
import { readMaskWindow } from '../../../../src/methods/weight-record/window.ts'
import type { WeightAxes } from '../../../../src/models/architecture/types.ts'
import { bytesInMemory } from '../../../../src/models/bytes.ts'
import { datatypeOf } from '../../../../src/models/formats/hdf5/index.ts'
import type { LayerWeight, ModelLayer } from '../../../../src/models/model.ts'
import { pathOf } from '../../../support/fixtures.ts'

interface Case {
  readonly shape: number[], readonly axes: WeightAxes, readonly before: string, readonly after?: string, readonly values: Array<Record<string, number>>
  readonly histogram: { from: number, width: number, before: number[], after: number[] }
  readonly rows: number, readonly columns: number, readonly mask: string, readonly kept: number, readonly smallestKept: number, readonly largestZeroed: number
  readonly windows: Array<{ readonly asked: { row: number, column: number, rows: number, columns: number, cells: number }, readonly shares: number[] } & Record<string, number | object>>
}
type PlacesGone = { readonly shape: number[], readonly kept: Array<number[] | null>, readonly left: string, readonly mask: string, readonly goneRows: number, readonly goneColumns: number[][] }

const EXPECTED = JSON.parse(readFileSync(pathOf('test/fixtures/weights/expected.json'), 'utf8')) as Record<string, Case>
const CASES = Object.entries(EXPECTED).filter(([, { windows }]) => windows !== undefined)

function floats (text: string): Float32Array {
  return new Float32Array(new Uint8Array(Buffer.from(text, 'base64')).buffer)
}
const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'base64'))

function spreadOf (values: Float32Array, piece = values.length): SpreadFigures {
  const spread = createSpread()
  for (let at = 0; at < values.length; at += piece) spread.add(values.subarray(at, at + piece))
  return spread.figures()
}

function orderOf (shape: number[], axes: WeightAxes): MatrixOrder {
  return matrixOrderOf({ path: 'layer', className: 'Layer' } as ModelLayer, { role: 'kernel', tensor: { shape }, spec: { axes } } as unknown as LayerWeight)
}

function maskOf (values: Float32Array): Uint8Array {
  const bits = new Uint8Array(bytesFor(values.length))
  packNonzeros(values, bits)
  return bits
}

function assertValues ({ bins, ...found }: SpreadFigures, expected: Record<string, number>): void {
  for (const [name, value] of Object.entries(expected)) {
    const own = found[name as keyof typeof found]!
    assert.ok(Math.abs(own - value) <= 1e-12 * Math.max(1, Math.abs(value)) || own === value, `${name}: ${own}, numpy has ${value}`)
  }
}

describe('records of weights, beside numpy', () => {
  for (const [name, { before, after = before, values, histogram }] of Object.entries(EXPECTED).filter(([, one]) => one.values !== undefined)) {
    test(`values and histogram: ${name}, in pieces of any length`, () => {
      for (const piece of [1, 5, 64, 100_000]) {
        const [given, made] = [spreadOf(floats(before), piece), spreadOf(floats(after), piece)]
        assertValues(given, values[0]!)
        assertValues(made, values[1] ?? values[0]!)
        assert.deepEqual(histogramOf(given.bins, made.bins), histogram)
      }
    })
  }

  for (const [name, { shape, axes, before, after, rows, columns, mask, kept, smallestKept, largestZeroed, windows }] of CASES) {
    test(`mask and windows: ${name}`, async () => {
      const order = orderOf(shape, axes)
      assert.deepEqual([order.rows, order.columns], [rows, columns])
      const bits = maskOf(floats(after!))
      const sorted = inMatrixOrder(bits, order)
      assert.deepEqual(sorted, bytes(mask))
      assert.equal(countBits(bits, 0, rows * columns), kept)
      const gap = newGap()
      widenGap(gap, floats(after!), floats(before))
      assert.deepEqual(gap, { smallestKept, largestZeroed })
      // The mask does not lie at the beginning of the file.
      const source = bytesInMemory(new Uint8Array([...bytes('AQIDBAU='), ...sorted, 255, 255]))
      const tensor = { rows, columns, mask: { at: 5, bytes: sorted.length } } as StoredTensorRecord & { mask: { at: number, bytes: number } }
      for (const { asked, shares, ...expected } of windows) {
        const { shares: found, rows: height, columns: width, ...window } = await readMaskWindow(source, tensor, asked)
        assert.deepEqual({ ...window, shares: [...found] }, { ...expected, shares })
        assert.ok(height >= asked.rows && width >= asked.columns)
      }
    })
  }

  test('places that went are zeros of the whole matrix', () => {
    const { shape, kept, left, mask, goneRows, goneColumns } = EXPECTED['places gone'] as unknown as PlacesGone
    assert.deepEqual(packKept(floats(left), kept, shape), bytes(mask))
    assert.deepEqual(goneOf(orderOf(shape, { spatial: [0, 1], input: [2], output: [3] }), kept), { rows: goneRows, columns: goneColumns })
  })

  test('raw elements of every type, in pieces of any length, have the mask of their numbers', () => {
    const halves = Uint16Array.of(0, 0x8000, 1, 0x8001, 0x3c00, 0xfc00, 0, 0, 0x7e00, 0, 5)
    const bytesOf = new Uint8Array(halves.buffer)
    for (const type of ['float16', 'bfloat16'] as const) {
      for (const piece of [1, 3, 8, 11]) {
        const bits = new Uint8Array(2)
        for (let at = 0; at < halves.length; at += piece) packRaw(bytesOf.subarray(2 * at, 2 * (at + piece)), datatypeOf(type), bits, at)
        assert.deepEqual([...bits], [0b00111100, 0b10100000], `${type}, ${piece}`)
      }
    }
    const doubles = new Uint8Array(Float64Array.of(0, 1, -0, 2).buffer)
    const bits = new Uint8Array(1)
    packRaw(doubles, datatypeOf('float64'), bits, 0)
    assert.equal(bits[0], 0b01010000)
  })

  test('any pieces make the same mask, and any part of it is counted', () => {
    fc.assert(fc.property(fc.array(fc.constantFrom(0, -0, 1, NaN, -2), { minLength: 1, maxLength: 60 }), fc.nat(60), fc.nat(60), (values, one, other) => {
      const all = Float32Array.from(values)
      const bits = new Uint8Array(bytesFor(values.length))
      packNonzeros(all.subarray(0, one), bits)
      if (one < values.length) packNonzeros(all.subarray(one), bits, one)
      assert.deepEqual(bits, maskOf(all))
      const [from, to] = [Math.min(one, other, values.length), Math.min(Math.max(one, other), values.length)]
      assert.equal(countBits(bits, from, to), values.slice(from, to).filter((value) => value !== 0).length)
    }))
  })
})
