/** Runs a model's layer graph: node after node, every value freed after its last use. */
import * as tf from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { EspalierError } from '../errors.ts'
import type { Architecture, ArchitectureLayer, GraphNode, LayerGraph, ValueRef } from '../models/architecture/types.ts'
import { PLAIN_CALL } from '../models/layers/layer-type.ts'
import { outputMasks } from '../models/layers/mask-rules.ts'
import { activityLoss } from './train/regularizers.ts'
import { FORWARDS, type Forward, type ForwardContext, type RandomSource, type Weights } from './layers/index.ts'
import { MASKINGS, type Mask, type Masking } from './layers/masks.ts'

export type { ForwardContext, RandomSource, Weights } from './layers/index.ts'

/** How a graph is run; without anything, at inference. */
export interface RunOptions {
  readonly training?: TrainingRun
  /** Keeps every value alive until the caller's tidy ends, as gradients need it. */
  readonly keep?: boolean
  /** Sees the inputs and outputs of every application of a layer; they are gone afterwards unless they are kept. */
  observe? (node: number, inputs: readonly Tensor[], outputs: readonly Tensor[]): void
  /** Gives others in place of a node's outputs; with `keep` alone. */
  outputs? (node: number, outputs: readonly Tensor[]): readonly Tensor[]
}

/** What a training step gives to the layers and takes from them. `layer` counts in `architecture.layers`, `node` in the graph. */
export interface TrainingRun {
  random (node: number): RandomSource
  update (layer: number, role: string, value: Tensor): void
  addLoss (loss: Tensor): void
  /** Those that train; all unless given. The others run as at inference. */
  readonly layers?: ReadonlySet<number>
}

export interface GraphResult {
  /** In the model's order. */
  readonly outputs: Tensor[]
  /** The mask of each output, bool [batch, steps]. */
  readonly masks: readonly Mask[]
}

/**
 * The model's outputs for a batch of inputs, in the model's order. `weights` gives the tensors of a layer (index into `architecture.layers`) by
 * role. Inputs and weights stay the caller's; the outputs are the caller's to dispose of. Throws `unsupported-layer` when there is no graph and
 * `shape-mismatch` for a wrong number of inputs.
 */
export function runGraph (architecture: Architecture, weights: (layerIndex: number) => Weights, inputs: readonly Tensor[], options: RunOptions = {}): Tensor[] {
  const { outputs, masks } = runMaskedGraph(architecture, weights, inputs, options)
  if (options.keep !== true) tf.dispose(masks.filter((mask) => mask !== undefined))
  return outputs
}

/** The same with the masks of the outputs, which are the caller's too. */
export function runMaskedGraph (
  architecture: Architecture, weights: (layerIndex: number) => Weights, inputs: readonly Tensor[], options: RunOptions = {}
): GraphResult {
  const { graph, layers } = architecture
  if (graph === undefined) throw new EspalierError('unsupported-layer', `the model cannot be run here: ${architecture.problem ?? 'it has no layer graph'}`)
  if (inputs.length !== graph.inputs.length) throw new EspalierError('shape-mismatch', `the model has ${graph.inputs.length} inputs, ${inputs.length} are given`)
  const fed = new Map(graph.inputs.map((ref, index) => [ref.node, inputs[index]!]))
  const uses = countUses(graph)
  const keep = options.keep === true
  const givenMask = ({ masks: refs }: GraphNode, at: number): Tensor | undefined => {
    const ref = refs?.[at]
    return ref === undefined ? undefined : values[ref.node]![ref.output]!
  }
  const values: Tensor[][] = []
  const masks: Mask[][] = []
  const free = (node: number, output: number) => {
    if (keep) return
    values[node]![output]!.dispose()
    masks[node]![output]?.dispose()
  }
  for (const [index, node] of graph.nodes.entries()) {
    const given = fed.has(index) ? [fed.get(index)!] : node.inputs.map((ref) => values[ref.node]![ref.output]!)
    const givenMasks = fed.has(index) ? [] : node.inputs.map((ref, at) => givenMask(node, at) ?? masks[ref.node]![ref.output])
    const context = contextOf(options.training, { layer: node.layer, node: index, trainable: layers[node.layer]!.trainable, call: node.call ?? PLAIN_CALL, masks: givenMasks })
    const run = () => runLayer(layers[node.layer]!, given, weights(node.layer), context)
    const result = keep ? run() : tf.tidy(run)
    values.push([...options.outputs?.(index, result.outputs) ?? result.outputs])
    masks.push(result.masks)
    options.observe?.(index, given, result.outputs)
    for (const ref of readBy(node)) if (lastUse(ref, uses)) free(ref.node, ref.output)
    for (const output of result.outputs.keys()) if (!uses.has(keyOf({ node: index, output }))) free(index, output)
  }
  // A value that is an output twice is handed out twice, so that the caller may dispose of each.
  const isFirst = (ref: ValueRef, index: number) => graph.outputs.findIndex((other) => keyOf(other) === keyOf(ref)) === index
  return {
    outputs: graph.outputs.map((ref, index) => isFirst(ref, index) ? values[ref.node]![ref.output]! : tf.clone(values[ref.node]![ref.output]!)),
    masks: graph.outputs.map((ref, index) => isFirst(ref, index) ? masks[ref.node]![ref.output] : ownMask(masks[ref.node]![ref.output])),
  }
}

/** One layer by itself, at inference, without masks. Inputs and weights stay the caller's; run it within a tidy. */
export function runAlone (layer: ArchitectureLayer, inputs: readonly Tensor[], weights: Weights, call = PLAIN_CALL): Tensor[] {
  return runLayer(layer, [...inputs], weights, contextOf(undefined, { layer: 0, node: 0, trainable: true, call, masks: inputs.map(() => undefined) })).outputs
}

/** Outputs that are an input passed on become tensors of their own, and so do masks: each is disposed of by itself. */
function runLayer (layer: ArchitectureLayer, inputs: Tensor[], weights: Weights, context: ForwardContext): { outputs: Tensor[], masks: Mask[] } {
  if (layer.type === undefined) throw new EspalierError('unsupported-layer', `the layer "${layer.path}" cannot be run here: ${layer.problem ?? 'its type is unknown'}`)
  const forward = FORWARDS[layer.type] as Forward<unknown>
  const outputs = forward(layer.config, inputs, weights, context).map((output) => inputs.includes(output) ? tf.clone(output) : output)
  if (context.training && layer.activity !== undefined) for (const output of outputs) context.addLoss(activityLoss(layer.activity, output))
  const masks = outputMasks(layer.type, layer.config, context.masks, outputs.length, (rule) => (MASKINGS[rule] as Masking)(layer.config, inputs, context.masks, outputs))
  return { outputs, masks: masks.map(ownMask) }
}

function ownMask (mask: Mask): Mask {
  return mask === undefined ? undefined : tf.clone(mask)
}

interface Place extends Pick<ForwardContext, 'trainable' | 'call' | 'masks'> { readonly layer: number, readonly node: number }

function contextOf (training: TrainingRun | undefined, { layer, node, trainable, call, masks }: Place): ForwardContext {
  if (training === undefined || training.layers?.has(layer) === false) return { training: false, trainable, call, masks, random: NO_RANDOM, update: onlyInTraining, addLoss: onlyInTraining }
  return {
    training: true,
    trainable,
    call,
    masks,
    random: training.random(node),
    update: (role, value) => { training.update(layer, role, value) },
    addLoss: (loss) => { training.addLoss(loss) },
  }
}

function onlyInTraining (): never {
  throw new EspalierError('internal', 'a layer asked at inference for what only training has')
}

const NO_RANDOM: RandomSource = { uniform: onlyInTraining, normal: onlyInTraining }

/** How often each value is read; the model's outputs are read once more, at the end. */
function countUses (graph: LayerGraph): Map<string, number> {
  const uses = new Map<string, number>()
  for (const ref of [...graph.nodes.flatMap(readBy), ...graph.outputs]) uses.set(keyOf(ref), (uses.get(keyOf(ref)) ?? 0) + 1)
  return uses
}

/** Inputs, and masks that the call gives for them. */
function readBy ({ inputs, masks = [] }: GraphNode): ValueRef[] {
  return [...inputs, ...masks.filter((ref) => ref !== undefined)]
}

function lastUse (ref: ValueRef, uses: Map<string, number>): boolean {
  const left = uses.get(keyOf(ref))! - 1
  uses.set(keyOf(ref), left)
  return left === 0
}

function keyOf ({ node, output }: ValueRef): string {
  return `${node}:${output}`
}
