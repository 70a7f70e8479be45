/** Layers in training compute what real Keras computes: batch statistics, losses of weights and outputs, constraints, noise. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import * as tf from '@tensorflow/tfjs-node-gpu'
import { runGraph, type TrainingRun } from '../../src/engine/forward.ts'
import { FORWARDS, type ForwardContext, type RandomSource, type Weights } from '../../src/engine/layers/index.ts'
import { constrain } from '../../src/engine/train/constraints.ts'
import { regularizationLoss } from '../../src/engine/train/regularizers.ts'
import { readArchitecture } from '../../src/models/architecture/index.ts'
import { PLAIN_CALL } from '../../src/models/layers/layer-type.ts'
import { weightRulesOf } from '../../src/models/layers/weight-rules.ts'
import { weightedSum } from '../support/layer-gradients.ts'

interface Stored { readonly shape: number[], readonly values: number[] }

interface TrainingCase {
  readonly name: string
  readonly config: Record<string, unknown>
  readonly layers: ReadonlyArray<{ readonly path: string, readonly weights: ReadonlyArray<Stored & { readonly gradient: number[], readonly after: number[] }> }>
  readonly input: Stored & { readonly gradient: number[] }
  readonly output: Stored
  readonly losses: number
}

interface Document {
  readonly models: readonly TrainingCase[]
  readonly masked: { readonly x: Stored, readonly mask: Stored, readonly y: Stored, readonly weights: Record<string, Stored>, readonly after: Record<string, Stored> }
  readonly regularizers: ReadonlyArray<{ readonly config: unknown, readonly weight: Stored, readonly loss: number, readonly gradient: Stored }>
  readonly constraints: ReadonlyArray<{ readonly config: unknown, readonly weight: Stored, readonly result: Stored }>
}

const FORWARD = 1e-5
const GRADIENT = 1e-4

const document = JSON.parse(readFileSync(new URL('../fixtures/training/training.json', import.meta.url), 'utf8')) as Document

const tensorOf = ({ values, shape }: Stored) => tf.tensor(values, shape, 'float32')

/** No difference is larger than the tolerance relative to the largest entry, at least 1. */
function assertClose (actual: tf.Tensor, expected: readonly number[], tolerance: number, what: string): void {
  const values = actual.dataSync()
  assert.equal(values.length, expected.length, what)
  const scale = Math.max(1, ...expected.map(Math.abs))
  const error = Math.max(0, ...expected.map((value, index) => Math.abs(value - values[index]!))) / scale
  assert.ok(error <= tolerance, `${what} is off by ${error}`)
}

describe('models in training equal Keras\'', () => {
  for (const one of document.models) {
    test(one.name, () => {
      tf.tidy(() => {
        const architecture = readArchitecture(one.config)
        const stored = new Map(one.layers.map(({ path, weights }) => [path, weights]))
        const weights = architecture.layers.map(({ path, weights: specs }): Weights =>
          Object.fromEntries(specs!.map(({ role }, index) => [role, tensorOf(stored.get(path)![index]!)])))
        const input = tensorOf(one.input)
        const sources = [input, ...weights.flatMap((roles) => Object.values(roles))]
        const updates = new Map<string, tf.Tensor>()
        let output: tf.Tensor | undefined
        let losses: tf.Tensor | undefined
        const { grads } = tf.engine().gradients(() => {
          const extra: tf.Tensor[] = architecture.layers.flatMap(({ rules }, layer) =>
            Object.entries(rules ?? {}).map(([role, rule]) => regularizationLoss(rule.regularizer!, weights[layer]![role]!)))
          const training: TrainingRun = {
            random: () => contextOf({}).random,
            update (layer, role, value) { updates.set(`${layer}/${role}`, tf.keep(value)) },
            addLoss (loss) { extra.push(loss) },
          }
          output = tf.keep(runGraph(architecture, (layer) => weights[layer]!, [input], { keep: true, training })[0]!)
          losses = tf.keep(extra.reduce((sum, loss) => tf.add(sum, loss), tf.scalar(0)))
          return tf.add(weightedSum([output]), losses)
        }, sources, undefined, true)
        assertClose(output!, one.output.values, FORWARD, 'the output')
        assertClose(losses!, [one.losses], FORWARD, 'the losses')
        assertClose(grads[0]!, one.input.gradient, GRADIENT, 'the gradient by the input')
        let index = 1
        for (const [layer, { path, weights: specs, trainable }] of architecture.layers.entries()) {
          for (const [position, { role, trainable: trained }] of specs!.entries()) {
            const expected = stored.get(path)![position]!
            const gradient = grads[index++]
            if (trained) assertClose(gradient!, expected.gradient, GRADIENT, `the gradient by ${path}/${role}`)
            const update = updates.get(`${layer}/${role}`)
            assert.equal(update !== undefined, role.startsWith('moving') && trainable, `${path}/${role} is updated`)
            if (update !== undefined) assertClose(update, expected.after, FORWARD, `${path}/${role} after the step`)
          }
        }
        tf.dispose([output!, losses!, ...updates.values()])
      })
    })
  }
})

const NO_DRAWS: RandomSource = { uniform: () => { throw new Error('not expected') }, normal: () => { throw new Error('not expected') } }

function contextOf (given: Partial<ForwardContext>): ForwardContext {
  const none = () => { throw new Error('not expected') }
  return { training: true, trainable: true, call: PLAIN_CALL, masks: [undefined], random: { uniform: none, normal: none }, update: none, addLoss: none, ...given }
}

test('batch normalisation takes its statistics from what the mask keeps', () => {
  tf.tidy(() => {
    const { x, mask, y, weights, after } = document.masked
    const config = { axis: -1, momentum: 0.8, epsilon: 1e-3, scale: true, center: true, renorm: false }
    const updates: Record<string, tf.Tensor> = {}
    const context = contextOf({ masks: [tf.cast(tensorOf(mask), 'bool')], update (role, value) { updates[role] = value } })
    const [result] = FORWARDS.BatchNormalization(config, [tensorOf(x)], Object.fromEntries(Object.entries(weights).map(([role, one]) => [role, tensorOf(one)])), context)
    assertClose(result!, y.values, FORWARD, 'the output')
    for (const [role, one] of Object.entries(after)) assertClose(updates[role]!, one.values, FORWARD, role)
  })
})

describe('rules of weights equal Keras\'', () => {
  for (const { config, weight, loss, gradient } of document.regularizers) {
    test(`regulariser ${JSON.stringify(config)}`, () => {
      tf.tidy(() => {
        const { kernel } = weightRulesOf('Dense', { kernel_regularizer: config }, ['kernel'])
        const { value, grad } = tf.valueAndGrad((w) => tf.add(regularizationLoss(kernel!.regularizer!, w), tf.mul(0, tf.sum(w))))(tensorOf(weight))
        assertClose(value, [loss], FORWARD, 'the loss')
        assertClose(grad, gradient.values, GRADIENT, 'the gradient')
      })
    })
  }
  for (const { config, weight, result } of document.constraints) {
    test(`constraint ${JSON.stringify(config)}`, () => {
      tf.tidy(() => {
        const { kernel } = weightRulesOf('Dense', { kernel_constraint: config }, ['kernel'])
        assertClose(constrain(kernel!.constraint!, tensorOf(weight)), result.values, FORWARD, 'the weight')
      })
    })
  }
})

describe('noise', () => {
  /** Every draw is asked for by its shape and comes from a generator with a fixed seed. */
  function draws (): RandomSource & { readonly shapes: number[][], readonly drawn: tf.Tensor[] } {
    const [shapes, drawn]: [number[][], tf.Tensor[]] = [[], []]
    const draw = (make: (shape: number[], seed: number) => tf.Tensor) => (shape: readonly number[]) => {
      shapes.push([...shape])
      const values = make([...shape], 7 + drawn.length)
      drawn.push(values)
      return values
    }
    return {
      shapes,
      drawn,
      uniform: draw((shape, seed) => tf.randomUniform(shape, 0, 1, 'float32', seed)),
      normal: draw((shape, seed) => tf.randomNormal(shape, 0, 1, 'float32', seed)),
    }
  }

  test('dropout zeroes what is drawn below the rate and scales the rest', () => {
    tf.tidy(() => {
      const random = draws()
      const x = tf.randomNormal([40, 30])
      const [y] = FORWARDS.Dropout({ rate: 0.3, noiseShape: null }, [x], {}, contextOf({ random }))
      const [values, drawn] = [x.dataSync(), random.drawn[0]!.dataSync()]
      assertClose(y!, [...values].map((value, index) => drawn[index]! >= 0.3 ? value / 0.7 : 0), 1e-6, 'the output')
      const share = [...y!.dataSync()].filter((value) => value === 0).length / x.size
      assert.ok(Math.abs(share - 0.3) < 0.05, `${share} of the values are dropped`)
    })
  })

  test('one draw along the axes of size 1, and per channel', () => {
    tf.tidy(() => {
      const random = draws()
      const context = contextOf({ random })
      const [x, image] = [tf.ones([4, 3, 5]), tf.ones([4, 2, 3, 5])]
      FORWARDS.Dropout({ rate: 0.5, noiseShape: [null, 1, 5] }, [x], {}, context)
      const [y] = FORWARDS.SpatialDropout1D({ rate: 0.5, format: 'channels_last' }, [x], {}, context)
      FORWARDS.SpatialDropout2D({ rate: 0.5, format: 'channels_last' }, [image], {}, context)
      FORWARDS.SpatialDropout2D({ rate: 0.5, format: 'channels_first' }, [image], {}, context)
      FORWARDS.AlphaDropout({ rate: 0.5, noiseShape: [4, 1, 1] }, [x], {}, context)
      assert.deepEqual(random.shapes, [[4, 1, 5], [4, 1, 5], [4, 1, 1, 5], [4, 2, 1, 1], [4, 1, 1]])
      const steps = tf.unstack(y!, 1).map((step) => [...step.dataSync()])
      assert.deepEqual(steps[0], steps[2])
    })
  })

  test('dropout of recurrent layers leaves out the same features at every step', () => {
    tf.tidy(() => {
      const cell = { kind: 'simple', units: 3, useBias: false, activation: { name: 'tanh' }, recurrentActivation: { name: 'sigmoid' }, resetAfter: false, dropout: 0.5, recurrentDropout: 0, prefix: '' } as const
      const config = { cells: [cell], sequences: true, state: false, backwards: false, zeroOutput: false }
      const [x, weights] = [tf.randomNormal([2, 4, 3]), { kernel: tf.randomNormal([3, 3]), recurrent_kernel: tf.randomNormal([3, 3]) }]
      const drawn = [[0.9, 0.1, 0.6], [0.4, 0.8, 0.2]]
      const asked: Array<readonly number[]> = []
      const random = { ...NO_DRAWS, uniform (shape: readonly number[]) { asked.push(shape); return tf.tensor(drawn) } }
      const [y] = FORWARDS.SimpleRNN(config, [x], weights, contextOf({ random }))
      assert.deepEqual(asked, [[2, 3]])
      const kept = tf.tensor(drawn.map((row) => row.map((value) => value >= 0.5 ? 2 : 0)))
      const [expected] = FORWARDS.SimpleRNN(config, [tf.mul(x, tf.expandDims(kept, 1))], weights, contextOf({ training: false }))
      assertClose(y!, [...expected!.dataSync()], FORWARD, 'the output')
      const [none] = FORWARDS.SimpleRNN({ ...config, cells: [{ ...cell, dropout: 1 }] }, [x], weights, contextOf({}))
      assert.ok([...none!.dataSync()].every((value) => value === 0), 'with everything left out nothing comes out')
    })
  })

  test('dropout of attention leaves out weights of the scores', () => {
    tf.tidy(() => {
      const config = { mode: 'dot', useScale: false, dropout: 0.5 } as const
      const [query, value] = [tf.randomNormal([1, 2, 3]), tf.randomNormal([1, 2, 3])]
      const random = { ...NO_DRAWS, uniform: () => tf.tensor([[[0.9, 0.1], [0.2, 0.7]]]) }
      const [y] = FORWARDS.Attention(config, [query, value], {}, contextOf({ random, masks: [] }))
      const scores = tf.softmax(tf.matMul(query, value, false, true))
      assertClose(y!, [...tf.matMul(tf.mul(scores, tf.tensor([[[2, 0], [0, 2]]])), value).dataSync()], FORWARD, 'the output')
    })
  })

  test('alpha dropout keeps mean and variance, gaussian noise and dropout add theirs', () => {
    tf.tidy(() => {
      const random = draws()
      const context = contextOf({ random })
      const x = tf.randomNormal([400, 100], 0, 1, 'float32', 3)
      const momentsOf = (y: tf.Tensor) => {
        const { mean, variance } = tf.moments(y)
        return [mean.dataSync()[0]!, variance.dataSync()[0]!] as const
      }
      const near = (actual: readonly [number, number], expected: readonly [number, number]) =>
        assert.ok(actual.every((value, index) => Math.abs(value - expected[index]!) < 0.05), `${actual.join(', ')} should be near ${expected.join(', ')}`)
      near(momentsOf(FORWARDS.AlphaDropout({ rate: 0.2, noiseShape: null }, [x], {}, context)[0]!), [0, 1])
      near(momentsOf(FORWARDS.GaussianNoise({ deviation: 0.5 }, [x], {}, context)[0]!), [0, 1.25])
      near(momentsOf(FORWARDS.GaussianDropout({ rate: 0.2 }, [x], {}, context)[0]!), [0, 1.25])
      near(momentsOf(FORWARDS.GaussianDropout({ rate: 0.2 }, [tf.onesLike(x)], {}, context)[0]!), [1, 0.25])
    })
  })

  test('nothing is drawn at inference or without noise; everything is dropped at rate 1', () => {
    tf.tidy(() => {
      const x = tf.ones([3, 4])
      const inference = contextOf({ training: false })
      assert.equal(FORWARDS.Dropout({ rate: 0.5, noiseShape: null }, [x], {}, inference)[0], x)
      assert.equal(FORWARDS.GaussianNoise({ deviation: 0.5 }, [x], {}, inference)[0], x)
      assert.equal(FORWARDS.Dropout({ rate: 0, noiseShape: null }, [x], {}, contextOf({}))[0], x)
      assert.ok(FORWARDS.Dropout({ rate: 1, noiseShape: null }, [x], {}, contextOf({}))[0]!.dataSync().every((value) => value === 0))
      assert.throws(() => FORWARDS.GaussianDropout({ rate: 1 }, [x], {}, contextOf({})), { code: 'unsupported-layer' })
    })
  })
})
