/** Applies the layers of a model tree in order: nested and shared models are unrolled into one graph of single layers. */
import { EspalierError } from '../../errors.ts'
import { LAYER_TYPES, type LayerType } from '../layers/index.ts'
import { PLAIN_CALL, type NodeCall } from '../layers/layer-type.ts'
import type { Call } from './calls.ts'
import type { SymbolicShape } from '../tensor.ts'
import { assertAtMost, MAX_NODES } from './limits.ts'
import type { LayerEntry, ModelEntry } from './model-entry.ts'
import { invalid } from './model-entry.ts'
import type { Draft, Registry } from './register.ts'
import { resolveCalls, type Schedule, type Task } from './schedule.ts'
import type { GraphNode, LayerGraph, ValueRef, WeightSpec } from './types.ts'

/** What a layer gives; undefined behind a layer whose outputs cannot be told. */
type Value = Known | undefined

/** `mask`: one that a call gives for this value. */
interface Known { readonly ref: ValueRef, readonly shape: SymbolicShape, readonly mask?: ValueRef }

export interface Built {
  /** Absent when a layer has a problem, or the model no input shape. */
  readonly graph?: LayerGraph
  /** Calls that cannot be run here. */
  readonly problems: readonly string[]
}

/** Unrolls the model; the drafts get their weights as far as shapes are known. Throws `invalid-model`, and `limit-exceeded` for too many calls. */
export function buildGraph (model: ModelEntry, registry: Registry): Built {
  const nodes: GraphNode[] = []
  const problems = new Set<string>()
  const schedules = new Map<ModelEntry, Schedule>()
  const innerInputs = new Map<number, SymbolicShape>()
  let calls = 0

  function apply (entry: LayerEntry, inputs: readonly Value[], given?: Call): Value[] | undefined {
    const layer = registry.indexOf(entry)
    const draft = registry.drafts[layer]!
    if (draft.config === undefined || inputs.includes(undefined)) return undefined
    const known = inputs as Known[]
    const [type, inputShapes] = [LAYER_TYPES[draft.type!] as LayerType<unknown>, known.map(({ shape }) => shape)]
    const nodeCall = callFor(type, given)
    if (typeof nodeCall === 'string') {
      problems.add(`calls with the argument "${nodeCall}" are not run here (${entry.name})`)
      return undefined
    }
    return withName(draft, () => {
      const weights = type.weights(draft.config, inputShapes, nodeCall)
      if (draft.weights !== undefined) assertSameWeights(draft.weights, weights)
      draft.weights ??= weights
      const outputShapes = type.outputShapes(draft.config, inputShapes, nodeCall)
      const node = nodes.length
      nodes.push({
        layer,
        inputs: known.map(({ ref }) => ref),
        inputShapes,
        outputShapes,
        macs: type.macs(draft.config, inputShapes, outputShapes, nodeCall),
        ...(nodeCall !== PLAIN_CALL && { call: nodeCall }),
        ...(known.some(({ mask }) => mask !== undefined) && { masks: known.map(({ mask }) => mask) }),
      })
      return outputShapes.map((shape, output) => ({ ref: { node, output }, shape }))
    })
  }

  function call (entry: LayerEntry, inputs: readonly Value[], given?: Call): Value[] | undefined {
    // Counted before anything else: models that hold no layers make no nodes and could still be called without end.
    assertAtMost(++calls, MAX_NODES, 'applications of layers')
    const { model: nested } = registry.canonical(entry)
    if (nested === undefined) return apply(entry, inputs, given)
    const refused = given?.set[0] ?? given?.places.find((place) => typeof place === 'string')
    if (refused !== undefined) problems.add(`calls with the argument "${refused}" are not run here (${entry.name})`)
    return unroll(nested, inputs)
  }

  /** The outputs of a model for `inputs`; the whole model's inputs are nodes of their own. */
  function unroll (parent: ModelEntry, inputs: readonly Value[] | undefined): Value[] {
    return parent.kind === 'sequential' ? [chain(parent, inputs)] : connect(parent, inputs)
  }

  function chain (parent: ModelEntry, inputs: readonly Value[] | undefined): Value {
    const begins = parent.entries[0]?.className === 'InputLayer'
    const source = begins ? parent.entries[0] : registry.synthetic
    if (inputs !== undefined && inputs.length !== 1) throw invalid(`the sequential model "${parent.name}" takes one input, it is given ${inputs.length}`)
    if (begins && inputs !== undefined) noteInner(source!, inputs[0])
    let value = inputs === undefined ? source === undefined ? undefined : apply(source, [])?.[0] : inputs[0]
    for (const entry of begins ? parent.entries.slice(1) : parent.entries) value = call(entry, [value])?.[0]
    return value
  }

  function connect (parent: ModelEntry, inputs: readonly Value[] | undefined): Value[] {
    if (inputs !== undefined && inputs.length !== parent.inputs.length) {
      throw invalid(`the model "${parent.name}" takes ${parent.inputs.length} inputs, it is given ${inputs.length}`)
    }
    const results = new Map<string, Value[] | undefined>()
    const valueAt = (task: Task): Value => {
      const values = results.get(task.key)
      if (values !== undefined && task.tensor >= values.length) throw invalid(`"${task.entry.name}" has no output ${task.tensor}`)
      return values?.[task.tensor]
    }
    const { order, inputs: sources, outputs } = scheduleOf(parent)
    for (const [index, task] of sources.entries()) {
      if (inputs !== undefined) noteInner(task.entry, inputs[index])
      results.set(task.key, inputs === undefined ? apply(task.entry, []) : [inputs[index]])
    }
    for (const task of order) {
      const masks = task.masks.map((mask) => mask === undefined ? undefined : valueAt(mask))
      results.set(task.key, call(task.entry, task.inputs.map((input, index) => masked(valueAt(input), masks[index])), task.given))
    }
    return outputs.map(valueAt)
  }

  function noteInner (entry: LayerEntry, given: Value): void {
    const layer = registry.indexOf(entry)
    if (given !== undefined && !innerInputs.has(layer)) innerInputs.set(layer, given.shape)
  }

  function scheduleOf (parent: ModelEntry): Schedule {
    const schedule = schedules.get(parent) ?? resolveCalls(parent)
    schedules.set(parent, schedule)
    return schedule
  }

  const outputs = unroll(model, undefined)
  for (const draft of registry.drafts) {
    const weights = draft.weights ?? weightsAsBuilt(draft)
    if (weights !== undefined) draft.weights = weights
  }
  if (problems.size > 0 || outputs.includes(undefined)) return { problems: [...problems] }
  const inner = [...innerInputs].map(([layer, shape]) => ({ layer, shape }))
  return { graph: { ...finished(model, registry, nodes, outputs as Known[]), ...(inner.length > 0 && { innerInputs: inner }) }, problems: [] }
}

function masked (value: Value, mask: Value): Value {
  return value === undefined || mask === undefined ? value : { ...value, mask: mask.ref }
}

/** The call as the layer type knows it; the name of an argument that it does not take. */
function callFor (type: LayerType<unknown>, given: Call | undefined): NodeCall | string {
  if (given === undefined) return PLAIN_CALL
  const { positional = [], tensors = [], flags = [] } = type.arguments ?? {}
  // What operations are given are settings of theirs.
  if (type.operation) return PLAIN_CALL
  const refused = given.places.find((place) => typeof place === 'string' && !positional.includes(place) && !tensors.includes(place)) ?? given.set.find((name) => !flags.includes(name))
  if (refused !== undefined) return String(refused)
  const roles = given.places.map((place) => typeof place === 'string' ? place : positional[place])
  return roles.every((role) => role === undefined) && given.set.length === 0 ? PLAIN_CALL : { roles, flags: given.set }
}

function finished (model: ModelEntry, registry: Registry, nodes: GraphNode[], outputs: readonly Known[]): LayerGraph {
  const sources = model.kind === 'sequential'
    ? [registry.synthetic ?? model.entries[0]!]
    : model.inputs.map((ref) => model.entries.find(({ name }) => name === ref.layer)!)
  const inputs = sources.map((entry) => {
    const layer = registry.indexOf(entry)
    return { node: nodes.findIndex((node) => node.layer === layer), output: 0 }
  })
  return {
    nodes,
    inputs,
    outputs: outputs.map(({ ref }) => ref),
    inputShapes: inputs.map(({ node }) => nodes[node]!.outputShapes[0]!),
    outputShapes: outputs.map(({ shape }) => shape),
    outputNames: model.kind === 'sequential' ? [model.entries.at(-1)?.name ?? model.name] : model.outputs.map(({ name }) => name),
  }
}

/** The weights of a layer that the graph did not reach, by the input shape that Keras noted; undefined when that does not tell them. */
function weightsAsBuilt ({ type, config, entry }: Draft): readonly WeightSpec[] | undefined {
  if (type === undefined || config === undefined) return undefined
  try {
    return (LAYER_TYPES[type] as LayerType<unknown>).weights(config, entry.builtFor ?? [], PLAIN_CALL)
  } catch (error) {
    if (error instanceof EspalierError && error.code === 'invalid-model') return undefined
    throw error
  }
}

function assertSameWeights (before: readonly WeightSpec[], now: readonly WeightSpec[]): void {
  const misfit = now.find(({ shape }, index) => String(shape) !== String(before[index]?.shape))
  if (misfit === undefined) return
  throw new EspalierError('invalid-model', `it is applied to inputs that need a "${misfit.role}" of another shape, [${misfit.shape.join(', ')}], than its first input`)
}

function withName<T> (draft: Draft, run: () => T): T {
  try {
    return run()
  } catch (error) {
    if (!(error instanceof EspalierError) || error.code !== 'invalid-model') throw error
    throw new EspalierError('invalid-model', `layer "${draft.path}" (${draft.entry.className}): ${error.message}`, { layer: draft.path, ...error.details }, { cause: error })
  }
}
