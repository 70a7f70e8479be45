/** Scaling, shapes, labels and the choice of the examples that are reported. */
import { describe, test } from 'node:test'
import assert from 'node:assert/strict'
import fc from 'fast-check'
import type { DatasetFile, ExampleArray, Split } from '../../../src/datasets/dataset.ts'
import { adaptToModel, chooseReport, chooseScaling, chooseTraining, defaultScaling, scaleFeatures } from '../../../src/datasets/index.ts'
import { rowsOf } from '../../../src/datasets/report.ts'
import { sampleOf } from '../../../src/datasets/sample.ts'
import type { Architecture } from '../../../src/models/architecture/types.ts'
import { sizeOf, type NumberType } from '../../../src/models/tensor.ts'

function array (shape: number[], type: NumberType, values: number[]): ExampleArray {
  const row = sizeOf(shape)
  return { shape, type, read: async (from, to) => Float32Array.from(values.slice(from * row, to * row)) }
}

const numbers = (count: number) => Array.from({ length: count }, (_, index) => index)
const splitOf = (examples: number, features: ExampleArray[], targets: ExampleArray[] = []): Split => ({ examples, features, targets })
const images = (examples = 3) => splitOf(examples, [array([2, 2], 'uint8', numbers(4 * examples))], [array([], 'uint8', numbers(examples))])

/** A model that applies layers of these classes one after the other. */
function chain (...classNames: string[]): Architecture {
  const layers = ['InputLayer', ...classNames].map((className, index) => ({ path: `layer_${index}`, className, trainable: true, containers: [], indexInContainer: index }))
  const nodes = layers.map((_, layer) => ({ layer, inputs: layer === 0 ? [] : [{ node: layer - 1, output: 0 }], inputShapes: [], outputShapes: [], macs: 0 }))
  const graph = { nodes, inputs: [{ node: 0, output: 0 }], outputs: [{ node: nodes.length - 1, output: 0 }], inputShapes: [], outputShapes: [], outputNames: [] }
  return { name: 'chain', layers, graph }
}

describe('scaling', () => {
  const stored = { scale: 1 / 255, offset: 0 }
  const plain = chain('Conv2D')

  test('images of bytes are divided by 255, everything else is left', () => {
    assert.deepEqual(defaultScaling(images()), stored)
    assert.deepEqual(defaultScaling(splitOf(1, [array([2, 2], 'float32', [])])), { scale: 1, offset: 0 })
    assert.deepEqual(defaultScaling(splitOf(1, [array([4], 'uint8', [])])), { scale: 1, offset: 0 })
  })

  test('the recipe decides, then the data set, then the model, then the default', () => {
    const choose = (own = stored, asked: { scale: number, offset: number } | null = null, model = plain) => {
      const { scale, source } = chooseScaling(images(), own, asked, model)
      return [scale, source]
    }
    assert.deepEqual(choose(), [1 / 255, 'the default for images of bytes'])
    assert.deepEqual(choose(stored, { scale: 3, offset: 0 }, chain('Rescaling')), [3, 'the recipe'])
    assert.deepEqual(choose({ scale: 2, offset: 0 }, null, chain('Rescaling')), [2, 'the data set'])
    assert.deepEqual(choose(stored, null, chain('Rescaling', 'Conv2D')), [1, 'none, the model begins with layer_1'])
    assert.deepEqual(choose(stored, null, chain('Reshape', 'RandomFlip', 'Normalization')), [1, 'none, the model begins with layer_3'])
    assert.deepEqual(choose(stored, null, chain('Conv2D', 'Rescaling'))[0], 1 / 255)
  })

  test('values are scaled as they are read, rounded once', async () => {
    const bytes = splitOf(256, [array([1, 1], 'uint8', numbers(256)), array([], 'float32', numbers(256))])
    const scaled = scaleFeatures(bytes, { ...stored, onlyImages: true })
    assert.deepEqual([...await scaled.features[0]!.read(0, 256)], numbers(256).map((value) => Math.fround(value / 255)))
    assert.deepEqual([...await scaled.features[1]!.read(0, 3)], [0, 1, 2])
    assert.deepEqual([...await scaleFeatures(bytes, { scale: 2, offset: -1 }).features[1]!.read(0, 3)], [-1, 1, 3])
    assert.equal(scaleFeatures(bytes, { scale: 1, offset: 0 }), bytes)
  })
})

describe('adaptToModel', () => {
  const model = (input: Array<number | null>, output: Array<number | null>) => ({ inputShapes: [[null, ...input]], outputShapes: [[null, ...output]] })

  test('a missing channel axis is added, a superfluous one left out, examples flattened', async () => {
    const shapeFor = async (own: number[], wanted: Array<number | null>) => {
      const { split, notes } = await adaptToModel(splitOf(1, [array(own, 'float32', numbers(sizeOf(own)))], [array([], 'float32', [0])]), model(wanted, [1]))
      assert.deepEqual([...await split.features[0]!.read(0, 1)], numbers(sizeOf(own)))
      return [split.features[0]!.shape, notes.length]
    }
    assert.deepEqual(await shapeFor([4, 3], [4, 3]), [[4, 3], 0])
    assert.deepEqual(await shapeFor([4, 3], [4, 3, 1]), [[4, 3, 1], 1])
    assert.deepEqual(await shapeFor([4, 3], [1, 4, 3]), [[1, 4, 3], 1])
    assert.deepEqual(await shapeFor([4, 3, 1], [4, 3]), [[4, 3], 1])
    assert.deepEqual(await shapeFor([4, 3], [null, null, 1]), [[4, 3, 1], 1])
    assert.deepEqual(await shapeFor([4, 3], [12]), [[12], 1])
    assert.deepEqual(await shapeFor([], [1]), [[1], 1])
  })

  test('rows of a table are read as the arrays that a model takes, when they have as many numbers', async () => {
    const { split, notes } = await adaptToModel(splitOf(2, [array([12], 'float32', numbers(24))], [array([], 'float32', [0, 0])]), model([3, 2, 2], [1]))
    assert.deepEqual([split.features[0]!.shape, notes], [[3, 2, 2], ['features [12] are read as [3, 2, 2]']])
    assert.deepEqual([...await split.features[0]!.read(1, 2)], numbers(24).slice(12))
    const flat = splitOf(1, [array([12], 'float32', numbers(12))], [array([], 'float32', [0])])
    for (const shape of [[3, 2, 3], [null, 2, 2]]) await assert.rejects(adaptToModel(flat, model(shape, [1])), { code: 'shape-mismatch' })
  })

  test('what does not fit is told in numbers', async () => {
    await assert.rejects(adaptToModel(images(), model([28, 28, 1], [10])), { code: 'shape-mismatch', message: /the model's input 1 takes \[28, 28, 1\] for one example, the features have \[2, 2\]/ })
    await assert.rejects(adaptToModel(images(), { inputShapes: [[null, 2, 2], [null, 2]], outputShapes: [[null, 3]] }), { code: 'shape-mismatch', message: /2 inputs, the data set has 1 arrays of features/ })
    await assert.rejects(adaptToModel(splitOf(1, [array([4], 'float32', [])], [array([7], 'float32', [])]), model([4], [10])), { code: 'shape-mismatch', message: /output 1 gives \[10\] for one example, the targets have \[7\]/ })
  })

  test('labels are checked against the number of outputs', async () => {
    const labelled = (labels: number[], shape: number[] = []) => splitOf(labels.length / sizeOf(shape), [array([1], 'float32', numbers(labels.length))], [array(shape, 'int64', labels)])
    await adaptToModel(labelled([0, 9, 3]), model([1], [10]))
    await adaptToModel(labelled([0, 9, 3], [1]), model([1], [10]))
    const wrong = [...new Array(37).fill(0), 10]
    await assert.rejects(adaptToModel(labelled(wrong), model([1], [10])), { code: 'shape-mismatch', message: 'label 10 in example 37, but the model has 10 outputs: classes 0..9' })
    await assert.rejects(adaptToModel(labelled([-1]), model([1], [10])), { code: 'shape-mismatch', message: /label -1 in example 0/ })
    // Regression and one-hot targets are values, not classes.
    await adaptToModel(labelled([55]), model([1], [1]))
    await adaptToModel(labelled([0, 1, 55], [3]), model([1], [3]))
    // One label for each position: told when they are read.
    const { split } = await adaptToModel(labelled([0, 1, 1, 2], [2]), model([1], [2, 2]))
    await assert.rejects(split.targets[0]!.read(1, 2), { message: /label 2 in example 1, but the model has 2 outputs/ })
  })
})

describe('chooseReport', () => {
  const file = (splits: DatasetFile['splits']): DatasetFile => ({ format: 'npz', splits })
  const images9 = file({ all: images(9) })
  const name = (...choice: Parameters<typeof chooseReport>) => {
    const { split, name, mayBeTraining } = chooseReport(...choice)
    return [split.examples, name, mayBeTraining]
  }

  test('evaluation data set, test part, drawn share, all: in this order', () => {
    const both = file({ train: images(9), test: images(4) })
    assert.deepEqual(name(both, file({ all: images(5) }), null, 1), [5, '5 examples of the evaluation data set', false])
    assert.deepEqual(name(images9, both, 0.2, 1), [4, '4 examples of the evaluation data set (its test part)', false])
    assert.deepEqual(name(both, null, 0.2, 1), [4, 'the test part, 4 examples', false])
    assert.deepEqual(name(images9, null, null, 1), [9, 'all 9 examples', true])
    assert.deepEqual(name(images9, null, 0.34, 7), [3, '3 of 9 examples, drawn by seed 7', true])
    assert.deepEqual(name(file({ train: images(9) }), null, null, 1), [9, 'all 9 examples', true])
  })

  test('the same seed draws the same rows, ascending, each at most once; another seed others', () => {
    fc.assert(fc.property(fc.integer({ min: 1, max: 300 }), fc.nat(300), fc.nat(), (total, pick, seed) => {
      const rows = sampleOf(total, pick % (total + 1), seed)
      assert.deepEqual(rows, sampleOf(total, pick % (total + 1), seed))
      rows.forEach((row, index) => assert.ok(row < total && (index === 0 || row > rows[index - 1]!)))
    }))
    assert.notDeepEqual(sampleOf(1000, 10, 1), sampleOf(1000, 10, 2))
    const counts = new Array(10).fill(0)
    for (let seed = 0; seed < 5000; seed++) for (const row of sampleOf(10, 3, seed)) counts[row]++
    for (const count of counts) assert.ok(Math.abs(count - 1500) < 150, `${counts}`)
  })

  test('drawn rows are those of the data set', async () => {
    const split = rowsOf(splitOf(50, [array([3], 'float32', numbers(150))], [array([], 'int32', numbers(50))]), Uint32Array.of(0, 7, 8, 49))
    assert.deepEqual([...await split.features[0]!.read(1, 4)], [21, 22, 23, 24, 25, 26, 147, 148, 149])
    assert.deepEqual([...await split.targets[0]!.read(0, 4)], [0, 7, 8, 49])
  })
})

describe('chooseTraining', () => {
  const file = (splits: DatasetFile['splits']): DatasetFile => ({ format: 'npz', splits })
  /** Example i holds the number i. */
  const counted = (examples: number) => splitOf(examples, [array([], 'float32', numbers(examples))])
  const valuesOf = async (split: Split | null) => split === null ? [] : [...await split.features[0]!.read(0, split.examples)]
  const parts = async (...choice: Parameters<typeof chooseTraining>) => {
    const { training, selection } = chooseTraining(...choice)
    return { training: await valuesOf(training), selection: await valuesOf(selection) }
  }

  test('reported, selecting and training examples are all of them, each in one role', async () => {
    await fc.assert(fc.asyncProperty(fc.integer({ min: 5, max: 200 }), fc.double({ min: 0.01, max: 0.6, noNaN: true }), fc.double({ min: 0, max: 0.6, noNaN: true }), fc.nat(), async (total, share, validation, seed) => {
      const whole = file({ all: counted(total) })
      const { training, selection } = await parts(whole, null, share, seed, validation)
      const reported = await valuesOf(chooseReport(whole, null, share, seed).split)
      assert.deepEqual([...reported, ...selection, ...training].sort((a, b) => a - b), numbers(total))
      assert.deepEqual(await parts(whole, null, share, seed, validation), { training, selection })
      assert.equal(selection.length > 0, validation > 0)
    }))
  })

  test('a train part is trained on whole when a test part or another data set is reported', async () => {
    const both = file({ train: counted(9), test: counted(4) })
    assert.deepEqual(await parts(both, null, 0.5, 1, 0), { training: numbers(9), selection: [] })
    assert.deepEqual(await parts(file({ all: counted(6) }), both, 0.5, 1, 0), { training: numbers(6), selection: [] })
    assert.equal(chooseTraining(both, null, null, 1, 0).name, 'all 9 examples of the train part')
    assert.equal(chooseTraining(file({ all: counted(10) }), null, 0.2, 1, 0.25).name, '6 of 10 examples; 2 are reported, 2 select')
  })

  test('nothing to train on is told', () => {
    assert.throws(() => chooseTraining(file({ test: counted(4) }), null, null, 1, 0), { code: 'invalid-dataset', message: /test part alone/ })
    assert.throws(() => chooseTraining(file({ all: counted(1) }), null, 0.2, 1, 0), { code: 'invalid-dataset', message: /of 1 examples none is left/ })
  })
})
