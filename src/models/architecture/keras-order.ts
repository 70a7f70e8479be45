/** The order in which Keras lists the layers of a functional model: it stores and finds weights by it. */
import type { Json } from '../json.ts'
import { readModelEntry } from './model-entry.ts'
import { resolveCalls, type ScheduledCall, type Task } from './schedule.ts'

/**
 * The entries of a functional model's configuration in the order that Keras gives them when it builds the model: by their distance from the outputs, at the same
 * distance as they are met on the way from the outputs to the inputs. What no output depends on comes last. Throws as `readArchitecture` does.
 * Source: keras.src.ops.function.map_graph.
 */
export function inKerasOrder (model: Json, layers: readonly Json[]): readonly Json[] {
  const entry = readModelEntry({ ...model, config: { ...model.config as Json, layers } })
  const { order, inputs, outputs } = resolveCalls(entry)
  const calls = new Map(order.map((call) => [call.key, call]))
  const met = metFrom(outputs, calls)
  const distances = distancesOf(order, inputs)
  const place = (name: string): readonly [number, number] => [distances.get(name) ?? -1, met.get(name) ?? -1]
  const places = new Map(entry.entries.map(({ name }, index) => [layers[index]!, place(name)]))
  return [...layers].sort((one, other) => {
    const [[a, first], [b, second]] = [places.get(one)!, places.get(other)!]
    return a === b ? first - second : b - a
  })
}

function inputsOf (call: ScheduledCall | undefined): Task[] {
  return call === undefined ? [] : [...call.inputs, ...call.masks.filter((mask) => mask !== undefined)]
}

/** When each layer is met first, depth first. */
function metFrom (outputs: readonly Task[], calls: ReadonlyMap<string, ScheduledCall>): Map<string, number> {
  const met = new Map<string, number>()
  const seen = new Set<string>()
  const stack = [...outputs].reverse()
  for (let task = stack.pop(); task !== undefined; task = stack.pop()) {
    if (seen.has(task.key)) continue
    seen.add(task.key)
    if (!met.has(task.entry.name)) met.set(task.entry.name, met.size)
    stack.push(...inputsOf(calls.get(task.key)).reverse())
  }
  return met
}

/** Calls between each layer and the output that is the farthest; a layer that is called several times counts from its farthest call. */
function distancesOf (order: readonly ScheduledCall[], inputs: readonly Task[]): Map<string, number> {
  const ofLayers = new Map<string, number>()
  const ofCalls = new Map<string, number>()
  for (const call of [...order].reverse()) {
    const distance = Math.max(ofCalls.get(call.key) ?? 0, ofLayers.get(call.entry.name) ?? 0)
    ofLayers.set(call.entry.name, distance)
    for (const { key } of inputsOf(call)) ofCalls.set(key, Math.max(ofCalls.get(key) ?? 0, distance + 1))
  }
  for (const { key, entry } of inputs) ofLayers.set(entry.name, ofCalls.get(key) ?? 0)
  return ofLayers
}
