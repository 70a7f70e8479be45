/** Shapes that follow from those of the inputs are the ones that the graph has, with the batch in place of what is open. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { readArchitecture } from '../../../src/models/architecture/index.ts'
import { knownShapes } from '../../../src/models/architecture/known-shapes.ts'
import { drawer, randomGraph } from '../../support/random-graph.ts'

const BATCH = 7

describe('shapes of a graph', () => {
  test('of random layer graphs', () => {
    const filled = (shapes: ReadonlyArray<ReadonlyArray<number | null>>): number[][] => shapes.map((shape) => shape.map((size) => size ?? BATCH))
    let nodes = 0
    for (let seed = 1; seed <= 60; seed++) {
      const architecture = readArchitecture(randomGraph(drawer(seed)))
      const graph = architecture.graph!
      const known = knownShapes(architecture, filled(graph.inputShapes))
      assert.deepEqual(known.map(({ outputs }) => outputs), graph.nodes.map(({ outputShapes }) => filled(outputShapes)))
      assert.deepEqual(known.map(({ inputs }) => inputs), graph.nodes.map(({ inputShapes }) => filled(inputShapes)))
      nodes += graph.nodes.length
    }
    assert.ok(nodes > 300, `${nodes} nodes`)
  })

  test('a graph that cannot be run, and shapes that do not fit', () => {
    assert.throws(() => knownShapes({ name: 'none', layers: [], problem: 'an odd layer' }, []), { code: 'unsupported-layer', message: /an odd layer/ })
    const sequential = (kernel: number) => readArchitecture({
      class_name: 'Sequential',
      config: {
        name: 'model',
        layers: [
          { class_name: 'InputLayer', config: { name: 'input', batch_shape: [null, null, 2] } },
          { class_name: 'Conv1D', config: { name: 'conv', filters: 3, kernel_size: [kernel] } },
        ],
      },
    })
    assert.deepEqual(knownShapes(sequential(5), [[1, 9, 2]])[1], { inputs: [[1, 9, 2]], outputs: [[1, 5, 3]] })
    assert.throws(() => knownShapes(sequential(5), [[1, 4, 2]]), { code: 'invalid-model' })
    assert.throws(() => knownShapes(sequential(5), []), { code: 'shape-mismatch' })
  })
})
