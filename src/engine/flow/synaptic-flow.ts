/** Synaptic flow: how much of what flows from all inputs to all outputs goes through each weight. */
import * as tf from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { EspalierError } from '../../errors.ts'
import type { GraphNode, LayerGraph } from '../../models/architecture/types.ts'
import type { ModelFile, HeldChanges } from '../../models/model.ts'
import { createEagerProgram } from '../compile/eager.ts'
import { createProgram, type Program } from '../compile/program.ts'
import { runAlone } from '../forward.ts'
import { BATCHES_WORTH_COMPILING } from '../infer/runner.ts'
import { loadWeights, type LoadedWeight, type LoadedWeights } from '../infer/weights.ts'
import { linearLayer, type LinearLayer } from './linear-layers.ts'
import { aligned, plain, scaled, summed, type Scaled } from './scaled.ts'

export interface SynapticFlow {
  /** dR/d|w| of every kernel asked for, by name, all divided by one number; zeros where nothing flows. `changes`: new values of weights, by tensor key. */
  run (changes: HeldChanges): Map<string, Float32Array>
  dispose (): void
}

/** Size given to an axis that only the data would tell. */
const UNKNOWN_AXIS = 32

/**
 * R is the sum of the outputs for inputs of ones, through the model with |w| in place of its kernels, |gamma| / sqrt(moving variance + epsilon) in place of its batch
 * normalisation, the identity in place of its activations, and neither biases nor shifts: so every output is a sum over paths of the products of their weights,
 * and sum |w| dR/d|w| over a layer that all paths go through is R. R leaves float32 in deep models; therefore every value and every derivative carries a power of two of its own.
 * A plain factor for each layer would not do: where paths go round a layer it scales some of them and not others. `runs`: how often it will be run, which decides
 * whether it is compiled. Source: Tanaka et al., Pruning neural networks without any data by iteratively conserving synaptic flow, NeurIPS 2020, section 6.
 * Throws `unsupported-layer` for models and layers through which no flow can be followed.
 */
export async function synapticFlow (model: ModelFile, asked: readonly string[], runs: number): Promise<SynapticFlow> {
  const { graph, layers, problem } = model.architecture
  if (graph === undefined) throw new EspalierError('unsupported-layer', `no flow can be followed through the model: ${problem ?? 'it has no layer graph'}`)
  const linear = layers.map((layer, index) => graph.nodes.some((node) => node.layer === index) ? linearLayer(layer) : undefined)
  const weights = await loadWeights(model)
  const wanted = weights.list.filter(({ name, prunable }) => prunable && asked.includes(name))
  const functions = { flow: () => flow(graph, linear, weights, wanted) }
  let program: Program | undefined
  try {
    program = runs < BATCHES_WORTH_COMPILING ? createEagerProgram(weights.variables, functions) : createProgram(weights.variables, functions)
    program.prepare({ flow: [] })
  } catch (error) {
    program?.dispose()
    weights.dispose()
    throw error
  }
  const running = program
  const keys = new Map(model.layers.flatMap(({ path, weights: list }) => list.map(({ role, tensor }) => [`${path}/${role}`, tensor.key])))
  return {
    run (changes) {
      const changed = wanted.filter(({ name }) => changes.has(keys.get(name)!))
      const values = changed.map(({ name, variable }) => tf.tensor(changes.get(keys.get(name)!)!, variable.shape, 'float32'))
      if (changed.length > 0) running.write(Object.fromEntries(changed.map(({ name }, index) => [name, values[index]!])))
      tf.dispose(values)
      const [exponents, ...flows] = running.run('flow')
      const powers = exponents!.dataSync()
      const arrays = flows.map((one) => one.dataSync() as Float32Array)
      tf.dispose([exponents!, ...flows])
      const alive = arrays.map((one) => one.some((value) => value > 0))
      const largest = Math.max(...powers.filter((_, index) => alive[index]))
      return new Map(wanted.map(({ name }, index) => [name, alive[index] ? arrays[index]!.map((value) => value * 2 ** (powers[index]! - largest)) : arrays[index]!]))
    },
    dispose () {
      running.dispose()
      weights.dispose()
    },
  }
}

/** What one application of a layer was given, kept for the way back. */
interface Applied { readonly inputs: readonly Tensor[], readonly exponent: Tensor }

/** Exponents of all derivatives, then the derivatives in the order of `wanted`. */
function flow (graph: LayerGraph, linear: ReadonlyArray<LinearLayer | undefined>, weights: LoadedWeights, wanted: readonly LoadedWeight[]): Tensor[] {
  const fed = new Map(graph.inputs.map(({ node }, index) => [node, graph.inputShapes[index]!]))
  const values: Scaled[] = []
  const applied: Applied[] = []
  for (const [index, node] of graph.nodes.entries()) {
    const shape = fed.get(index)
    const given = shape !== undefined ? [plain(tf.ones(shape.map((size, axis) => axis === 0 ? 1 : size ?? UNKNOWN_AXIS)))] : node.inputs.map((ref) => values[ref.node]!)
    const { values: inputs, exponent } = aligned(given)
    applied.push({ inputs, exponent })
    const { layer, weights: turned } = linear[node.layer]!
    values.push(layer === null ? given[0]! : scaled({ value: runAlone(layer, inputs, turned(weights.of(node.layer)))[0]!, exponent }))
  }
  const back = new Map<number, Scaled[]>()
  const add = (node: number, one: Scaled): void => { back.set(node, [...back.get(node) ?? [], one]) }
  for (const { node } of graph.outputs) add(node, plain(tf.onesLike(values[node]!.value)))
  const found = new Map<string, Scaled[]>()
  for (const [index, node] of [...graph.nodes.entries()].reverse()) {
    const flows = back.get(index)
    if (flows === undefined || fed.has(index)) continue
    const dy = summed(flows)
    const { toInputs, toWeights } = derivatives(node, linear[node.layer]!, weights.of(node.layer), applied[index]!, dy, wanted)
    for (const [at, ref] of node.inputs.entries()) add(ref.node, toInputs[at]!)
    for (const [name, one] of toWeights) found.set(name, [...found.get(name) ?? [], one])
  }
  const all = wanted.map(({ name, variable }) => found.has(name) ? summed(found.get(name)!) : plain(tf.zerosLike(variable)))
  return [tf.stack(all.map(({ exponent }) => exponent)), ...all.map(({ value }) => value)]
}

interface Derivatives { readonly toInputs: readonly Scaled[], readonly toWeights: ReadonlyArray<[string, Scaled]> }

/** As a layer is linear in its inputs, its derivative by them does not depend on their scale, and that by its weights grows with it. */
function derivatives (node: GraphNode, { layer, weights: turned }: LinearLayer, weights: Record<string, Tensor>, { inputs, exponent }: Applied, dy: Scaled, wanted: readonly LoadedWeight[]): Derivatives {
  if (layer === null) return { toInputs: [dy], toWeights: [] }
  const own = wanted.filter((one) => one.layer === node.layer)
  const all = turned(weights)
  const run = (...given: Tensor[]): Tensor => {
    const kernels = Object.fromEntries(own.map(({ role }, at) => [role, given[inputs.length + at]!]))
    return runAlone(layer, given.slice(0, inputs.length), { ...all, ...kernels })[0]!
  }
  const gradients = tf.grads(run)([...inputs, ...own.map(({ role }) => all[role]!)], dy.value)
  return {
    toInputs: inputs.map((_, at) => ({ value: gradients[at]!, exponent: dy.exponent })),
    toWeights: own.map(({ name }, at) => [name, { value: gradients[inputs.length + at]!, exponent: tf.add(dy.exponent, exponent) }]),
  }
}
