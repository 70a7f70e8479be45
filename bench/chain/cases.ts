/** What the benchmark of chains runs: a model, what is done to it, and the marks that the result is held against. */
import { fileURLToPath } from 'node:url'

const here = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url))

/** Trained on Fashion-MNIST. */
export const MODELS = { lenet5: here('examples/lenet5.keras'), resnet8: here('test/fixtures/models/resnet8.keras') } as const
export type ModelName = keyof typeof MODELS

export interface Marks {
  /** Bytes of the dense float32 .keras file without optimizer state / those of the output after gzip, or of the Huffman code of shared weights, at least. */
  readonly ratio?: number
  /** Points of accuracy that may be lost. */
  readonly accuracyDropPoints: number
  /** MACs of a layer before / behind, at least. */
  readonly layerMacs?: { readonly layer: string, readonly ratio: number }
  /** Percent of the images on which the output's own runtime says what the model says, at least. */
  readonly agreement?: number
}

export interface Case {
  readonly model: ModelName
  /** Besides the evaluation. */
  readonly recipe: object
  readonly marks: Marks
}

const TUNE = { batchSize: 128, optimizer: { type: 'adam', learningRate: 0.001 } } as const
const COSINE = { ...TUNE, optimizer: { type: 'adam', learningRate: 0.001, schedule: { type: 'cosine', decaySteps: '100%' } } } as const

/** 90 % of all prunable weights, gradually. */
const PRUNED = { method: 'gradual', target: { sparsity: 0.9 }, training: { epochs: 4, ...COSINE } } as const
const INT8 = { stage: 'quantize', weights: 'int8', activations: 'min-max' } as const

export const CASES: Readonly<Record<string, Case>> = {
  'lenet5 prune + int8': { model: 'lenet5', recipe: { ...PRUNED, stages: [INT8], output: ['tflite-int8', 'onnx-int8'] }, marks: { ratio: 20, accuracyDropPoints: 0.5, agreement: 99 } },
  'resnet8 prune + int8': { model: 'resnet8', recipe: { ...PRUNED, stages: [INT8], output: ['tflite-int8', 'onnx-int8'] }, marks: { accuracyDropPoints: 0.5, agreement: 99 } },
  'lenet5 prune + cluster + int8': {
    model: 'lenet5',
    recipe: { ...PRUNED, stages: [{ stage: 'cluster', clusters: 16, layers: [{ match: 'dense_3', clusters: 8 }], training: { epochs: 1, ...TUNE } }, INT8], output: ['tflite-int8'] },
    marks: { ratio: 35, accuracyDropPoints: 0.5, agreement: 99 },
  },
  'lenet5 prune 93 % + cluster + int8': {
    model: 'lenet5',
    recipe: { ...PRUNED, target: { sparsity: 0.93 }, stages: [{ stage: 'cluster', clusters: 16, layers: [{ match: 'dense_3', clusters: 8 }], training: { epochs: 1, ...TUNE } }, INT8], output: ['tflite-int8'] },
    marks: { ratio: 35, accuracyDropPoints: 0.5, agreement: 99 },
  },
  'resnet8 prune + cluster + int8': {
    model: 'resnet8',
    recipe: { ...PRUNED, stages: [{ stage: 'cluster', clusters: 32, training: { epochs: 1, ...TUNE } }, INT8], output: ['tflite-int8'] },
    marks: { accuracyDropPoints: 0.5, agreement: 99 },
  },
  'lenet5 low-rank': {
    model: 'lenet5',
    recipe: { method: 'chain', stages: [{ stage: 'low-rank', macs: 0.45, layers: ['dense_3'] }, { stage: 'fine-tune', training: { epochs: 1, ...TUNE } }] },
    marks: { accuracyDropPoints: 0.3, layerMacs: { layer: 'dense_3', ratio: 2 } },
  },
}
