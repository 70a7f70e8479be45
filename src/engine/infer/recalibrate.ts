/** New moving statistics for batch normalisation: those of the inputs that its layers get from a changed model. */
import * as tf from '@tensorflow/tfjs-core'
import type { Tensor, Variable } from '@tensorflow/tfjs-core'
import { EspalierError } from '../../errors.ts'
import type { Architecture } from '../../models/architecture/types.ts'
import type { ModelFile, HeldChanges } from '../../models/model.ts'
import { createEagerProgram } from '../compile/eager.ts'
import { createProgram, type Program } from '../compile/program.ts'
import { runGraph } from '../forward.ts'
import { compensatedSum, type Sum } from '../observe/sums.ts'
import { rowsOf, type StreamedData, type TrainingData } from '../train/data.ts'
import { BATCHES_WORTH_COMPILING } from './runner.ts'
import { loadWeights, type LoadedWeights } from './weights.ts'

export interface RecalibrateRequest {
  readonly model: ModelFile
  readonly changes: HeldChanges
  /** Scaled and in the model's shapes. */
  readonly data: TrainingData | StreamedData
  readonly batchSize: number
  readonly signal?: AbortSignal
}

/** What batches gave for one statistic of one layer. */
interface Gathered { readonly layer: number, readonly role: string, readonly sum: Sum }

const ROLES = ['moving_mean', 'moving_variance'] as const

/**
 * Runs the model over the data as training does, each layer normalising by its batch, everything else (dropout, noise) as at inference. The new mean is the mean of all values, the new variance
 * that of all values: the mean of the batches' variances and the variance of their means. Frozen layers keep theirs. Gives values by tensor key, of layers that are
 * applied; empty without such layers. Throws `unsupported-layer` when the model cannot be run.
 */
export async function recalibrateBatchNorm ({ model, changes, data, batchSize, signal }: RecalibrateRequest): Promise<Map<string, Float32Array>> {
  const architecture = withoutMemory(model.architecture)
  const places = normalisations(architecture)
  if (places.size === 0) return new Map()
  const weights = await loadWeights(model, changes)
  const gathered = [...places].flatMap((layer) => ROLES.map((role): Gathered => ({ layer, role, sum: compensatedSum(nameOf(layer, role), shapeOf(weights, layer, role)) })))
  let program: Program | undefined
  try {
    program = programOf({ architecture, weights, gathered, places, batches: Math.ceil(data.examples / batchSize) })
    for (let from = 0; from < data.examples; from += batchSize) {
      signal?.throwIfAborted()
      const to = Math.min(data.examples, from + batchSize)
      const values = await Promise.all(data.features.map(async (array) => await rowsOf(array, from, to)))
      const inputs = values.map((one, index) => tf.tensor(one, [to - from, ...data.features[index]!.shape], 'float32'))
      // A smaller last batch counts by its examples.
      const share = tf.scalar((to - from) / data.examples)
      try {
        program.run('step', [...inputs, share])
      } finally {
        tf.dispose([...inputs, share])
      }
      await new Promise((resolve) => setImmediate(resolve))
    }
    return statistics(model, architecture, program, places)
  } finally {
    program?.dispose()
    for (const { sum } of gathered) tf.dispose(Object.values(sum.variables))
    weights.dispose()
  }
}

function drawsNothing (): never {
  throw new EspalierError('internal', 'recalibration draws nothing')
}

const NO_RANDOM = { uniform: drawsNothing, normal: drawsNothing }

function programOf ({ architecture, weights, gathered, places, batches }: { architecture: Architecture, weights: LoadedWeights, gathered: readonly Gathered[], places: ReadonlySet<number>, batches: number }): Program {
  const variables: Record<string, Variable> = Object.assign({}, weights.variables, ...gathered.map(({ sum }) => sum.variables))
  const functions = {
    step (...all: Tensor[]) {
      const share = all.at(-1)!
      const seen = new Map<string, Tensor>()
      tf.dispose(runGraph(architecture, weights.of, all.slice(0, -1), {
        training: { random: () => NO_RANDOM, update: (layer, role, value) => { seen.set(nameOf(layer, role), tf.keep(value)) }, addLoss () {}, layers: places },
      }))
      tf.tidy(() => {
        for (const { layer, role, sum } of gathered) {
          const value = seen.get(nameOf(layer, role))!
          // Of the variance, the mean square, which adds up over batches.
          sum.add(tf.mul(role === 'moving_mean' ? value : tf.add(value, tf.square(seen.get(nameOf(layer, 'moving_mean'))!)), share))
        }
      })
      tf.dispose([...seen.values()])
      return []
    },
  }
  return batches < BATCHES_WORTH_COMPILING ? createEagerProgram(variables, functions) : createProgram(variables, functions)
}

function statistics (model: ModelFile, { layers }: Architecture, program: Program, places: ReadonlySet<number>): Map<string, Float32Array> {
  const values = new Map<string, Float32Array>()
  for (const layer of places) {
    const [mean, square] = program.read(ROLES.map((role) => nameOf(layer, role)))
    const [means, squares] = [mean!.dataSync() as Float32Array, square!.dataSync() as Float32Array]
    tf.dispose([mean!, square!])
    const found = model.layers.find(({ path }) => path === layers[layer]!.path)!.weights
    const keyOf = (role: string): string => found.find((weight) => weight.role === role)!.tensor.key
    values.set(keyOf('moving_mean'), means)
    values.set(keyOf('moving_variance'), squares.map((one, index) => Math.max(0, one - means[index]! ** 2)))
  }
  return values
}

/** With a momentum of 0 the moving statistics of a layer become those of its batch. */
function withoutMemory (architecture: Architecture): Architecture {
  return { ...architecture, layers: architecture.layers.map((layer) => layer.type === 'BatchNormalization' ? { ...layer, config: { ...layer.config as object, momentum: 0 } } : layer) }
}

/** Layers that are applied and learn, by index. */
function normalisations ({ graph, layers }: Architecture): ReadonlySet<number> {
  if (graph === undefined) throw new EspalierError('unsupported-layer', 'the model cannot be run here: it has no layer graph')
  return new Set(graph.nodes.map(({ layer }) => layer).filter((layer) => layers[layer]!.type === 'BatchNormalization' && layers[layer]!.trainable))
}

function nameOf (layer: number, role: string): string {
  return `batch:${layer}:${role}`
}

function shapeOf (weights: LoadedWeights, layer: number, role: string): readonly number[] {
  return weights.of(layer)[role]!.shape
}
