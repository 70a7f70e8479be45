/** Gradients of a layer case: of the sum of its outputs times fixed weights, by every input and trainable weight. */
import * as tf from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { runGraph, type Weights } from '../../src/engine/forward.ts'
import { readArchitecture } from '../../src/models/architecture/index.ts'
import type { Architecture } from '../../src/models/architecture/types.ts'
import type { LayerCase, Stored } from '../fixtures/layers/cases.ts'

/** Something the gradient is taken by. */
export interface Source { readonly label: string, readonly value: Tensor }

export interface Differentiable {
  readonly architecture: Architecture
  readonly inputs: readonly Source[]
  /** Trainable ones only, `path/role`. */
  readonly weights: readonly Source[]
  /** Moving statistics and the like. */
  readonly fixed: readonly Source[]
  /** The outputs, with other values in place of some sources. */
  outputs (changed?: ReadonlyMap<Source, Tensor>): Tensor[]
}

/** Weights of the outputs in the sum: element i of any output counts sin(1.7 i + 0.3). */
export function factorsOf (size: number): Float32Array {
  return Float32Array.from({ length: size }, (_, index) => Math.sin(1.7 * index + 0.3))
}

/** The tensors are the caller's tidy's. */
export function openCase ({ config, layers, inputs }: LayerCase): Differentiable {
  const architecture = readArchitecture(config)
  if (architecture.graph === undefined) throw new Error(architecture.problem)
  const tensorOf = ({ values, shape }: Stored) => tf.tensor(values, shape, 'float32')
  const byPath = new Map(layers.map(({ path, weights }) => [path, weights]))
  const [trainable, fixed]: [Source[], Source[]] = [[], []]
  const all = architecture.layers.map(({ path, weights }) => weights!.map(({ role, trainable: trained }, index): [string, Source] => {
    const source = { label: `${path}/${role}`, value: tensorOf(byPath.get(path)![index]!) }
    const kind = trained ? trainable : fixed
    kind.push(source)
    return [role, source]
  }))
  const fed = inputs.map((one, index): Source => ({ label: `input ${index}`, value: tensorOf(one) }))
  return {
    architecture,
    inputs: fed,
    weights: trainable,
    fixed,
    outputs (changed = new Map()) {
      const valueOf = (source: Source) => changed.get(source) ?? source.value
      const weights = all.map((roles): Weights => Object.fromEntries(roles.map(([role, source]) => [role, valueOf(source)])))
      return runGraph(architecture, (layer) => weights[layer]!, fed.map(valueOf), { keep: true })
    },
  }
}

export function weightedSum (outputs: readonly Tensor[]): Tensor {
  const sums = outputs.map((output) => tf.sum(tf.mul(tf.cast(output, 'float32'), tf.tensor(factorsOf(output.size), output.shape))))
  return sums.reduce((sum, one) => tf.add(sum, one))
}

/** What has a gradient: all but inputs that are indices, which embeddings look up. */
export function sourcesOf ({ architecture: { graph, layers }, inputs, weights }: Differentiable): Source[] {
  const readersOf = (input: number) => graph!.nodes.filter(({ inputs: refs }) => refs.some(({ node }) => node === graph!.inputs[input]!.node))
  return [...inputs.filter((_, index) => !readersOf(index).some(({ layer }) => layers[layer]!.type === 'Embedding')), ...weights]
}

/** By each of `sources`; null where the outputs do not depend on one. `changed`: other values in place of some sources'. */
export function gradientsOf (one: Differentiable, sources: readonly Source[], changed: ReadonlyMap<Source, Tensor> = new Map()): Array<Tensor | null> {
  return tf.engine().gradients(() => weightedSum(one.outputs(changed)), sources.map((source) => changed.get(source) ?? source.value), undefined, true).grads
}
