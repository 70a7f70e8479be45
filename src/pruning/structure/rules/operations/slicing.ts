/** Channels under operations that take a part: the parts keep their channels, and where they are cut moves. */
import { isRecord, type Json } from '../../../../models/json.ts'
import { partSizes, type Axis, type SplitConfig } from '../../../../models/layers/operations/arranging.ts'
import { indexed, stepsOf, type GetItemConfig, type TakeConfig } from '../../../../models/layers/operations/indexing.ts'
import { frontAxis } from '../../../../models/layers/shapes.ts'
import type { AxisLabels } from '../../channels.ts'
import { withSettings } from '../../rule.ts'
import type { OperationRule } from './rule.ts'

export const split: OperationRule<SplitConfig> = {
  couple ({ settings, operands: [x] }) {
    const at = frontAxis(settings.axis, x!.shape.length)
    let from = 0
    return partSizes(settings, x!.shape).map((size) => {
      from += size
      return x!.labels.map((labels, axis) => axis === at && labels !== null ? labels.slice(from - size, from) : labels)
    })
  },
  resize (entry, { outputs }, { axis }) {
    const sizes = outputs.map((shape) => shape.at(axis)!)
    const cuts = sizes.slice(0, -1).map((_, index) => sizes.slice(0, index + 1).reduce((sum, size) => sum + size, 0))
    return withSettings(entry, { indices_or_sections: sizes.every((size) => size === sizes[0]) ? sizes.length : cuts })
  },
}

export const unstack: OperationRule<Axis> = {
  couple ({ settings: { axis }, operands: [x], outputShapes, sets }) {
    const at = frontAxis(axis, x!.labels.length)
    sets.freeze(x!.labels[at]!, 'its channels are taken apart')
    return outputShapes.map(() => x!.labels.filter((_, other) => other !== at))
  },
}

export const take: OperationRule<TakeConfig> = {
  couple ({ settings: { axis, shape }, operands: [x], sets }) {
    const at = frontAxis(axis, x!.labels.length)
    sets.freeze(x!.labels[at]!, 'its channels are picked by number')
    return [[...x!.labels.slice(0, at), ...shape.map(() => null), ...x!.labels.slice(at + 1)]]
  },
}

export const getItem: OperationRule<GetItemConfig> = {
  couple ({ settings: { key }, operands: [x], sets }) {
    return [indexed(key, x!.shape).flatMap((part): AxisLabels[] => {
      if (part.kind === 'new') return [null]
      const labels = x!.labels[part.axis]!
      if (part.kind === 'index') sets.freeze(labels, 'one of its channels is picked by number')
      if (part.kind === 'index') return []
      if (labels === null) return [null]
      if (part.step !== 1) sets.freeze(labels, 'its channels are picked by number')
      return [Int32Array.from(stepsOf(part, labels.length), (place) => labels[place]!)]
    })]
  },
  /** Slices of channels get other ends. */
  resize (entry, { inputs, before, inputLabels: [labels], kept }, { key }) {
    const shape = before.inputs[0]!
    const parts = indexed(key, shape)
    const rest = key.findIndex(({ kind }) => kind === 'rest')
    const changed = new Map<number, Json>()
    parts.forEach((part, place) => {
      if (part.kind !== 'slice' || labels![part.axis] === null || inputs[0]![part.axis] === shape[part.axis]) return
      const stay = kept(labels![part.axis]!)
      const taken = stepsOf(part, shape[part.axis]!)
      if (taken.length === shape[part.axis]) return
      const [from, to] = [taken[0] ?? 0, (taken.at(-1) ?? -1) + 1]
      const count = (end: number): number => stay.filter((one) => one < end).length
      // What `...` stands for are whole axes; behind it places count from the end.
      const written = rest >= 0 && place >= rest ? place - (parts.length - key.length) : place
      changed.set(written, { class_name: '__slice__', config: { start: count(from), stop: count(to), step: null } })
    })
    return withKey(entry, changed)
  },
}

/** The operation with other parts in the key of its call: the second argument. */
function withKey (entry: Json, changed: ReadonlyMap<number, Json>): Json {
  const [call, ...others] = entry.inbound_nodes as readonly Json[]
  const [x, key, ...rest] = call!.args as readonly unknown[]
  const next = Array.isArray(key) ? key.map((part: unknown, index) => changed.get(index) ?? part) : isRecord(key) && changed.has(0) ? changed.get(0) : key
  return { ...entry, inbound_nodes: [{ ...call, args: [x, next, ...rest] }, ...others] }
}
