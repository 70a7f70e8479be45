/** Runs a model's graph on batches: compiled for the shapes that come often, one operation at a time for all others. */
import * as tf from '@tensorflow/tfjs-core'
import type { Tensor, Variable } from '@tensorflow/tfjs-core'
import { EspalierError } from '../../errors.ts'
import type { Architecture } from '../../models/architecture/types.ts'
import type { Shape } from '../../models/tensor.ts'
import { createProgram, type InputSpec, type Program } from '../compile/program.ts'
import { runGraph } from '../forward.ts'
import type { LoadedWeights } from './weights.ts'

/** `auto` compiles shapes that were announced often enough, `compiled` every shape, `eager` none. */
export type RunMode = 'auto' | 'compiled' | 'eager'

/** How batches of some shapes are run, and why not compiled. */
export interface Execution { readonly compiled: boolean, readonly reason?: string }

export interface Runner {
  /** As Predictor's. */
  prepare (batches: number, shapes: readonly Shape[]): Execution
  /** The caller disposes of the outputs. */
  run (inputs: readonly Tensor[]): Tensor[]
  /** Sets a weight, wherever it lies. */
  assign (name: string, variable: Variable, values: Float32Array): void
  dispose (): void
}

/**
 * Compiling costs two eager runs and a load of the graph. On two cores it paid for itself after 11 to 25 batches of LeNet-5 and ResNet-8, by what
 * their size was, and in small dense networks, where all of it is 30 ms, after up to 90.
 */
export const BATCHES_WORTH_COMPILING = 16

/** The weights stay the caller's. */
export function createRunner (architecture: Architecture, weights: LoadedWeights, mode: RunMode): Runner {
  const forward = (...inputs: Tensor[]): Tensor[] => runGraph(architecture, weights.of, inputs)
  const compiled = new Set<string>()
  let program: Program | undefined
  let refused: string | undefined

  function compile (shapes: readonly Shape[]): Execution {
    if (refused !== undefined) return { compiled: false, reason: refused }
    program ??= createProgram(weights.variables, { forward })
    try {
      program.prepare({ forward: shapes.map((shape): InputSpec => ({ shape, dtype: 'float32' })) })
    } catch (error) {
      // Only a forward pass that a graph cannot hold is left to eager execution; inputs that do not fit fail there too.
      if (mode === 'compiled' || !(error instanceof EspalierError && error.code === 'invalid-step')) throw error
      refused = error.message
      return { compiled: false, reason: refused }
    }
    compiled.add(keyOf(shapes))
    return { compiled: true }
  }

  return {
    prepare (batches, shapes) {
      if (compiled.has(keyOf(shapes))) return { compiled: true }
      if (mode === 'eager') return { compiled: false, reason: 'eager execution was asked for' }
      if (mode === 'auto' && batches < BATCHES_WORTH_COMPILING) return { compiled: false, reason: `${batches} batches are too few: compiling pays from ${BATCHES_WORTH_COMPILING} on` }
      return compile(shapes)
    },
    run (inputs) {
      const shapes = inputs.map(({ shape }) => shape)
      if (mode === 'compiled' && !compiled.has(keyOf(shapes))) compile(shapes)
      return compiled.has(keyOf(shapes)) ? program!.run('forward', inputs) : tf.tidy(() => forward(...inputs))
    },
    assign (name, variable, values) {
      const value = tf.tensor(values, variable.shape, 'float32')
      variable.assign(value)
      // Compiled functions read the session's own copy.
      program?.write({ [name]: value })
      value.dispose()
    },
    dispose () { program?.dispose() },
  }
}

function keyOf (shapes: readonly Shape[]): string {
  return shapes.map((shape) => shape.join('x')).join(' ')
}
