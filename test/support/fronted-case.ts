/** Layer cases with layers in front of their inputs, so that what the cases are given has channels of its own. */
import { refsOf } from '../../src/models/architecture/calls.ts'
import type { Json } from '../../src/models/json.ts'
import type { LayerCase } from '../fixtures/layers/cases.ts'
import type { Numbers } from './structure.ts'

export interface FrontedCase { readonly config: Json, readonly weights: ReadonlyMap<string, Numbers> }

interface Entry extends Json { readonly class_name: string, readonly config: Json }

/** The axes of an input that can be given channels. */
export function axesOf ({ config }: LayerCase, input: number): number[] {
  const { batch_shape: now, batch_input_shape: before, dtype } = inputsOf(config)[input]!.config as { batch_shape?: Array<number | null>, batch_input_shape?: Array<number | null>, dtype?: unknown }
  const shape = (now ?? before)!
  return typeof dtype === 'string' && dtype.startsWith('int') ? [] : [...shape.keys()].filter((axis) => axis > 0 && shape[axis] !== null)
}

/** Each of the inputs passes through a dense layer along its axis, whose kernel is the identity: the outputs stay what they were. */
export function frontedCase ({ config, inputs }: LayerCase, axes: ReadonlyMap<number, number>): FrontedCase {
  const sources = inputsOf(config)
  const weights = new Map<string, Numbers>()
  let made = config as unknown as Entry
  for (const [input, axis] of axes) {
    const { shape } = inputs[input]!
    const units = shape[axis]!
    // The axis changes places with the last, and back.
    const dims = shape.slice(1).map((_, at) => at + 1 === axis ? shape.length - 1 : at + 2 === shape.length ? axis : at + 1)
    const turn = axis === shape.length - 1 ? [] : [['Permute', { dims }] as const]
    const front = [...turn, ['Dense', { units, use_bias: false }] as const, ...turn]
    const entries = front.map(([className, settings], index) => ({ module: 'keras.layers', class_name: className, registered_name: null, config: { name: `front_${input}_${index}`, ...settings } }))
    weights.set(`front_${input}_${turn.length}/kernel`, { shape: [units, units], values: Float32Array.from({ length: units * units }, (_, index) => index % (units + 1) === 0 ? 1 : 0) })
    made = withFront(made, sources[input]!, entries)
  }
  return { config: made, weights }
}

/** In the order in which the model takes them. */
function inputsOf (config: Json): Entry[] {
  const { layers, input_layers: written } = config.config as { layers: Entry[], input_layers?: unknown }
  if (written === undefined) return layers.slice(0, 1)
  return refsOf(written, 'input_layers').map(({ layer }) => layers.find(({ config: { name } }) => name === layer)!)
}

function withFront (model: Entry, source: Entry, front: readonly Entry[]): Entry {
  const { layers, output_layers: outputs, ...rest } = model.config as { layers: Entry[], output_layers?: unknown }
  const [first, ...others] = layers
  if (model.class_name === 'Sequential') return { ...model, config: { ...rest, layers: [first, ...front, ...others] } }
  const isNew = source.config.batch_shape !== undefined
  const name = String(source.config.name)
  const names = [name, ...front.map(({ config }) => String(config.name))]
  const called = front.map((entry, index) => {
    const from = [names[index], 0, 0]
    return { ...entry, name: names[index + 1], inbound_nodes: isNew ? [{ args: [{ class_name: '__keras_tensor__', config: { keras_history: from } }], kwargs: {} }] : [[[...from, {}]]] }
  })
  const redirected = layers.map((entry) => ({ ...entry, inbound_nodes: withReference(entry.inbound_nodes, name, names.at(-1)!) }))
  return { ...model, config: { ...rest, layers: [...redirected, ...called], output_layers: withReference(outputs, name, names.at(-1)!) } }
}

/** Every [from, node, tensor, ...] as [to, ...]. */
function withReference (value: unknown, from: string, to: string): unknown {
  if (Array.isArray(value)) return value[0] === from && typeof value[1] === 'number' ? [to, ...value.slice(1)] : value.map((item) => withReference(item, from, to))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withReference(item, from, to)]))
}
