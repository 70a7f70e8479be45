/** Turns, budgets and batches of measured passes, counted on passes of known length; layers that got slower. */
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, test } from 'node:test'
import { measureBatches } from '../../../src/engine/batch-latency.ts'
import { timeInTurn } from '../../../src/engine/latency.ts'
import type { LayerLatency } from '../../../src/engine/layer-latency.ts'
import type { BatchArray, Predictor } from '../../../src/engine/predict.ts'
import { slowerLayers } from '../../../src/engine/slower-layers.ts'

describe('passes in turn', () => {
  test('who goes first alternates, after as many rounds to warm up', async () => {
    const order: string[] = []
    const times = await timeInTurn(['a', 'b', 'c'].map((name) => () => { order.push(name) }), { warmUp: 1, runs: 4, budgetMs: Infinity })
    assert.equal(order.join(''), 'abc' + 'abc' + 'bca' + 'cab' + 'abc')
    assert.deepEqual(times.map(({ length }) => length), [4, 4, 4])
  })

  test('without a budget only the least rounds', async () => {
    assert.deepEqual((await timeInTurn([() => {}], { warmUp: 0, minimumRuns: 3, budgetMs: -1 })).map(({ length }) => length), [3])
  })

  test('messages come in between passes that block, and may abort', async () => {
    const stop = new AbortController()
    setImmediate(() => { stop.abort() })
    let passes = 0
    const block = (): void => {
      passes++
      for (const end = performance.now() + 30; performance.now() < end;);
    }
    await assert.rejects(timeInTurn([block, block], { signal: stop.signal }), { name: 'AbortError' })
    assert.equal(passes, 1)
  })
})

/** Takes at least so long for an example, and notes what it is given. */
function slowPredictor (msPerExample: number, fixed?: number): { predictor: Predictor, batches: BatchArray[][], runs: number[], announced: number[], held: () => number } {
  const [batches, runs, announced]: [BatchArray[][], number[], number[]] = [[], [], []]
  let held = 0
  const predictor: Predictor = {
    prepare (count) {
      announced.push(count)
      return { compiled: count >= 16 }
    },
    async predict () { return [] },
    hold (inputs) {
      held++
      batches.push([...inputs])
      const examples = fixed ?? inputs[0]!.shape[0]!
      return {
        examples,
        async run () {
          runs.push(examples)
          await sleep(msPerExample * examples)
        },
        dispose () { held-- },
      }
    },
    dispose () {},
  }
  return { predictor, batches, runs, announced, held: () => held }
}

const example: BatchArray = { values: Float32Array.from([1, 2, 3, 4]), shape: [2, 2] }

describe('several batch sizes', () => {
  test('a pass longer than the budget is run twice, once to warm up, and not compiled', async () => {
    const sides = [slowPredictor(5), slowPredictor(4)]
    const figures = await measureBatches(sides.map(({ predictor }) => predictor), [example], { batches: [64], budgetMs: 100 })
    assert.deepEqual(figures.map((both) => both.map(({ batch, runs, compiled }) => [batch, runs, compiled])), [[[64, 1, false], [64, 1, false]]])
    for (const { runs, held } of sides) assert.deepEqual([runs, held()], [[64, 64], 0])
  })

  test('quick passes are compiled ahead and run a hundred times', async () => {
    const side = slowPredictor(0)
    const figures = await measureBatches([side.predictor], [example], { batches: [3], budgetMs: 60_000 })
    assert.deepEqual(figures.map(([figure]) => [figure!.runs, figure!.compiled, side.announced[0]]), [[100, true, 16]])
  })

  test('examples are repeated', async () => {
    const side = slowPredictor(0)
    await measureBatches([side.predictor], [example], { batches: [1, 5], budgetMs: 0 })
    const seen = new Map(side.batches.map(([input]) => [input!.shape.join('x'), [...input!.values]]))
    assert.deepEqual([...seen], [['1x2', [1, 2]], ['5x2', [1, 2, 3, 4, 1, 2, 3, 4, 1, 2]]])
  })

  test('a model that takes only its own batches is measured once', async () => {
    const figures = await measureBatches([slowPredictor(0, 4).predictor], [example], { budgetMs: 0 })
    assert.deepEqual(figures.map(([figure]) => figure!.batch), [4])
  })

  test('an abort leaves nothing held', async () => {
    const side = slowPredictor(10)
    const stop = new AbortController()
    setTimeout(() => { stop.abort() }, 15)
    await assert.rejects(measureBatches([side.predictor], [example], { signal: stop.signal }), { name: 'AbortError' })
    assert.equal(side.held(), 0)
  })
})

describe('layers that got slower', () => {
  const layer = (ratio: number, low: number, runs = 9): LayerLatency => ({
    layer: 'conv', before: { p50: 1.23456, p95: 2 }, after: { p50: 1.6, p95: 2 }, ratio, quartiles: [low, ratio * 1.1], batch: 64, runs, compiled: true,
  })

  test('where three rounds of four say so', () => {
    assert.deepEqual(slowerLayers([layer(1.296, 1.1)]), ['conv takes 1.30 times as long as before (1.6 ms for a batch of 64, 1.23 ms before)'])
    assert.deepEqual(slowerLayers([layer(1.2, 0.98), layer(1.2, 1.1, 3), layer(0.5, 0.4)]), [])
  })
})
