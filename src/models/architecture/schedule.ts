/** Puts the calls within one functional model into an order in which every input comes before its use. */
import type { LayerEntry, ModelEntry } from './model-entry.ts'
import { invalid } from './model-entry.ts'
import type { Call, TensorRef } from './calls.ts'

/** One output of one call of a layer. */
export interface Task { readonly key: string, readonly entry: LayerEntry, readonly call: number, readonly tensor: number }

/** A call with the values it needs. */
export interface ScheduledCall extends Task { readonly inputs: readonly Task[], readonly masks: ReadonlyArray<Task | undefined>, readonly given: Call }

export interface Schedule { readonly order: readonly ScheduledCall[], readonly inputs: readonly Task[], readonly outputs: readonly Task[] }

/**
 * Calls that the outputs depend on. Throws `invalid-model` for references to nothing and for cycles. Depth-first with its own stack: a graph may be
 * as deep as it has layers.
 */
export function resolveCalls (model: ModelEntry): Schedule {
  const byName = new Map(model.entries.map((entry) => [entry.name, entry]))
  const inputs = model.inputs.map((ref) => taskOf(model, byName, ref, 'edge'))
  const outputs = model.outputs.map(({ ref }) => taskOf(model, byName, ref, 'edge'))
  const order: ScheduledCall[] = []
  const state = new Map<string, 'open' | 'done'>(inputs.map(({ key }) => [key, 'done']))
  const stack = [...outputs].reverse()
  const prepared = new Map<string, ScheduledCall>()
  while (stack.length > 0) {
    const task = stack.at(-1)!
    if (state.get(task.key) === 'done') {
      stack.pop()
      continue
    }
    const scheduled = prepared.get(task.key) ?? withInputs(model, byName, task)
    prepared.set(task.key, scheduled)
    const missing = [...scheduled.inputs, ...scheduled.masks.filter((mask) => mask !== undefined)].filter(({ key }) => state.get(key) !== 'done')
    if (missing.length === 0) {
      state.set(task.key, 'done')
      order.push(scheduled)
      stack.pop()
      continue
    }
    state.set(task.key, 'open')
    const cycle = missing.find(({ key }) => state.get(key) === 'open')
    if (cycle !== undefined) throw invalid(`the graph of "${model.name}" has a cycle through "${cycle.entry.name}"`)
    stack.push(...missing.reverse())
  }
  return { order, inputs, outputs }
}

function withInputs (model: ModelEntry, byName: ReadonlyMap<string, LayerEntry>, task: Task): ScheduledCall {
  const call = task.entry.calls[task.call]
  if (call === undefined) throw invalid(`"${task.entry.name}" of "${model.name}" is used and has no inputs; it is not among the model's inputs`)
  const taskAt = (ref: TensorRef) => taskOf(model, byName, ref, call.flavour)
  return { ...task, inputs: call.inputs.map(taskAt), masks: call.masks.map((ref) => ref === undefined ? undefined : taskAt(ref)), given: call }
}

/**
 * The call that a reference means. Nested models are counted from 1 in the inputs and outputs of Keras 3 models (functional ones) and everywhere
 * in Keras 2, as they begin with a call of their own that is not saved; where that numbering leads nowhere the other one is meant.
 */
function taskOf (model: ModelEntry, byName: ReadonlyMap<string, LayerEntry>, { layer, node, tensor }: TensorRef, from: 2 | 3 | 'edge'): Task {
  const entry = byName.get(layer)
  if (entry === undefined) throw invalid(`"${model.name}" refers to a layer "${layer}" that it does not have`)
  const isKeras3 = () => model.entries.some(({ calls }) => calls.some(({ flavour }) => flavour === 3))
  const fromOne = entry.model !== undefined && (from === 2 || (from === 'edge' && (entry.model.kind === 'functional' || !isKeras3())))
  const count = Math.max(entry.calls.length, 1)
  const call = [fromOne ? node - 1 : node, node, node - 1].find((index) => index >= 0 && index < count)
  if (call === undefined) throw invalid(`"${model.name}" refers to use ${node} of "${layer}", which is used ${entry.calls.length} times`)
  return { key: `${layer}\n${call}`, entry, call, tensor }
}
