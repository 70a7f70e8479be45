/** Memory of activations: graphs counted by hand, and files beside what TFLite Micro's planner takes for them. */
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { describe, it } from 'node:test'
import { arenaBytes } from '../../../src/models/exports/arena.ts'
import { GraphBuilder } from '../../../src/models/exports/builder.ts'
import { EXPORTS, NO_RANGES, type ExportName, type ModelExport } from '../../../src/models/exports/index.ts'
import { graphFlow, lifetimes, peakBytes, tfliteFlow, type Flow } from '../../../src/models/exports/liveness.ts'
import { exportGraph } from '../../../src/methods/exports/graph.ts'
import { readModel } from '../../../src/models/formats/index.ts'

const peak = (flow: Flow): number => peakBytes(lifetimes(flow))
const op = (inputs: number[], ...outputs: number[]) => ({ inputs, outputs })

describe('memory of activations', () => {
  it('of a chain is that of the largest neighbours', () => {
    assert.equal(peak({ bytes: [10, 40, 30, 5], inputs: [0], outputs: [3], operations: [op([0], 1), op([1], 2), op([2], 3)] }), 70)
  })

  it('of a residual counts what the addition waits for', () => {
    // 0 stays until it is added: 0 + 1 + 2, then 0 + 2 + 3.
    assert.equal(peak({ bytes: [10, 40, 10, 10], inputs: [0], outputs: [3], operations: [op([0], 1), op([1], 2), op([0, 2], 3)] }), 60)
  })

  it('of a concatenation counts all parts and the whole', () => {
    assert.equal(peak({ bytes: [1, 20, 30, 50], inputs: [0], outputs: [3], operations: [op([0], 1), op([0], 2), op([1, 2], 3)] }), 100)
  })

  it('counts outputs to the end, what nobody reads while it is made, and no constants, nor what follows from them', () => {
    assert.equal(peak({ bytes: [8, 100, 4, 16], inputs: [0], outputs: [1, 3], operations: [op([0], 1), op([0], 2), op([0], 3)] }), 124)
    assert.equal(peak({ bytes: [8, 4, 0, 1000], inputs: [0], outputs: [1], operations: [op([2], 3), op([0, 3], 1)] }), 12)
    assert.equal(peak({ bytes: [8], inputs: [0], outputs: [0], operations: [] }), 8)
  })

  it('of a graph takes one example, in the types of its values', () => {
    const builder = new GraphBuilder()
    const x = builder.input('x', [null, 6])
    const positive = builder.bool(x)
    const y = builder.cast(positive, 'float32')
    const graph = builder.finish('typed', { inputs: [x], outputs: [y], inputNames: ['x'], outputNames: ['y'] })
    // 24 bytes and 6 of bools, then 6 and 24.
    assert.equal(peak(graphFlow(graph)), 30)
  })

  it('fits into one block where nothing is between, and takes more where holes do not fit', () => {
    assert.equal(arenaBytes([{ bytes: 32, first: 0, last: 0 }, { bytes: 48, first: 0, last: 1 }, { bytes: 16, first: 1, last: 2 }]), 80)
    // The largest first: 64 and 48 at 0, 32 at 64; the other 32 does not fit in between. No more than 48 + 32 + 32 live at once.
    const lives = [{ bytes: 64, first: 0, last: 1 }, { bytes: 48, first: 3, last: 4 }, { bytes: 32, first: 1, last: 3 }, { bytes: 32, first: 2, last: 4 }]
    assert.deepEqual([arenaBytes(lives), peakBytes(lives)], [128, 112])
    assert.equal(arenaBytes([{ bytes: 1, first: 0, last: 0 }]), 16)
    assert.equal(arenaBytes([]), 0)
  })

  // tflite_micro 0.dev20261023182759, Interpreter.print_allocations(): "Arena allocation head".
  const MICRO: ReadonlyArray<readonly [string, ExportName, number]> = [
    ['examples/lenet5.keras', 'tflite', 57_600], ['examples/lenet5.keras', 'tflite-int8', 14_400],
    ['test/fixtures/models/resnet8.keras', 'tflite', 75_264], ['test/fixtures/models/resnet8.keras', 'tflite-int8', 18_816],
  ]
  for (const [file, format, bytes] of MICRO) {
    it(`of ${file} as ${format} is what TFLite Micro takes`, async () => {
      const { write, read }: ModelExport = EXPORTS[format]
      const content = await readFile(file)
      const model = await readModel({ size: content.length, read: async (offset, length) => content.subarray(offset, offset + length) })
      const graph = await exportGraph(model, new Map())
      const lives = lifetimes(tfliteFlow(read!(write(graph, NO_RANGES))))
      assert.equal(arenaBytes(lives), bytes)
      assert.equal(peakBytes(lives), bytes)
    })
  }
})
