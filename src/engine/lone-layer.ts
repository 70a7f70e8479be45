/** One layer of a model by itself on the device: its own weights, made-up inputs, and one forward pass to be timed. */
import type { Tensor, Variable } from '@tensorflow/tfjs-core'
import { EspalierError } from '../errors.ts'
import type { ArchitectureLayer } from '../models/architecture/types.ts'
import type { EmbeddingConfig } from '../models/layers/core.ts'
import type { Shape } from '../models/tensor.ts'
import { createEagerProgram } from './compile/eager.ts'
import { createProgram, type Program } from './compile/program.ts'
import { randomSource } from './compile/random.ts'
import { runAlone } from './forward.ts'
import { loadWeights } from './infer/weights.ts'
import type { Application } from './layer-pairs.ts'
import type { Tf } from './runtime.ts'

/** Holds device memory until `dispose`. */
export interface LoneLayer {
  /** One forward pass, to its end. */
  pass (): void
  /** What a pass takes besides the layer's work: a call of the graph that computes nothing. */
  idle (): void
  /** Compiles the pass, which runs it twice; false when a graph cannot hold it. Passes are run one operation at a time until `use(true)`. */
  compile (): boolean
  use (compiled: boolean): void
  dispose (): void
}

const SEED = 1

/**
 * The layer as it is applied there, with inputs of its own: values in [0, 1), whole numbers for an embedding. Reads the layer's weights. Masks are left out. A
 * pass hands back one number of each output, so that no time goes into copying the others. Throws as the layer does for inputs that do not fit.
 */
export async function holdLayer (tf: Tf, { model, node, inputs: shapes }: Application): Promise<LoneLayer> {
  const layer = model.architecture.layers[node.layer]!
  const weights = await loadWeights({ ...model, architecture: { ...model.architecture, layers: [layer] } })
  const inputs: Variable[] = []
  try {
    for (const shape of shapes) inputs.push(madeUp(tf, layer, shape, inputs.length))
  } catch (error) {
    weights.dispose()
    tf.dispose(inputs)
    throw error
  }
  const firstOf = (value: Tensor): Tensor => value.rank === 0 ? value : tf.slice(value, value.shape.map(() => 0), value.shape.map(() => 1))
  const state: Record<string, Variable> = { ...weights.variables, ...Object.fromEntries(inputs.map((input, index) => [`input:${index}`, input])) }
  const functions = {
    pass: () => runAlone(layer, inputs, weights.of(0), node.call).map(firstOf),
    idle: () => inputs.map(firstOf),
  }
  const eager = createEagerProgram(state, functions)
  let compiled: Program | undefined
  let used = eager
  const run = (name: keyof typeof functions): void => {
    const outputs = used.run(name)
    for (const output of outputs) output.dataSync()
    tf.dispose(outputs)
  }
  return {
    pass: () => { run('pass') },
    idle: () => { run('idle') },
    compile () {
      compiled ??= createProgram(state, functions)
      try {
        compiled.prepare({ pass: [], idle: [] })
        return true
      } catch (error) {
        if (error instanceof EspalierError && error.code === 'invalid-step') return false
        throw error
      }
    },
    use (asked) { used = asked ? compiled! : eager },
    dispose () {
      compiled?.dispose()
      weights.dispose()
      tf.dispose(inputs)
    },
  }
}

function madeUp (tf: Tf, { type, config }: ArchitectureLayer, shape: Shape, place: number): Variable {
  return tf.tidy(() => {
    const values = randomSource(SEED, tf.scalar(0, 'int32'), place).uniform(shape)
    return tf.variable(type === 'Embedding' ? tf.floor(tf.mul(values, (config as EmbeddingConfig).entries)) : values, false)
  })
}
