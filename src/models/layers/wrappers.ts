/** Layers around other layers: Bidirectional and TimeDistributed. */
import { isRecord } from '../json.ts'
import type { WeightSpec } from '../architecture/types.ts'
import type { SymbolicShape } from '../tensor.ts'
import { PLAIN_CALL, type KerasConfig, type LayerType, type Where } from './layer-type.ts'
import { ConfigReader } from './reader.ts'
import { recurrentMacs, recurrentShapes, recurrentWeights, type RecurrentConfig } from './recurrent.ts'
import { misfit, onlyInput } from './shapes.ts'

const MERGE_MODES = ['concat', 'sum', 'mul', 'ave'] as const

export interface BidirectionalConfig {
  readonly forward: RecurrentConfig
  readonly backward: RecurrentConfig
  /** Null: both outputs. */
  readonly merge: typeof MERGE_MODES[number] | null
}

/** A layer within a wrapper, by the key of the table. */
export interface InnerLayer { readonly type: string, readonly config: unknown }

export interface TimeDistributedConfig { readonly inner: InnerLayer }

/** What wrappers need of the table of all layers, which they stand in themselves. */
export interface InnerTypes {
  typeOf (className: string): string | undefined
  get (type: string): LayerType<unknown>
}

const RECURRENT = new Set(['SimpleRNN', 'LSTM', 'GRU', 'RNN'])

export function bidirectional (types: () => InnerTypes): LayerType<BidirectionalConfig> {
  return {
    classNames: ['Bidirectional'],
    operation: false,
    parse (config, where) {
      const reader = new ConfigReader(config, where)
      const forward = innerOf('layer', config, where, types())
      if (!RECURRENT.has(forward.type)) throw reader.unsupported(`around layers of type ${forward.type}`)
      const backward = config.backward_layer === undefined || config.backward_layer === null ? forward : innerOf('backward_layer', config, where, types())
      if (!RECURRENT.has(backward.type)) throw reader.unsupported(`around layers of type ${backward.type}`)
      // Keras sets both when it wraps the layer.
      const wrapped = ({ config: inner }: InnerLayer, backwards: boolean): RecurrentConfig => {
        const one = inner as RecurrentConfig
        return { ...one, backwards, zeroOutput: one.sequences }
      }
      const { backwards } = forward.config as RecurrentConfig
      return {
        forward: wrapped(forward, backwards),
        backward: wrapped(backward, backward === forward ? !backwards : (backward.config as RecurrentConfig).backwards),
        merge: config.merge_mode === null ? null : reader.choice('merge_mode', MERGE_MODES, 'concat'),
      }
    },
    weights: ({ forward, backward }, [shape]) => [...within('forward_layer', recurrentWeights(forward, shape ?? [])), ...within('backward_layer', recurrentWeights(backward, shape ?? []))],
    outputShapes ({ forward, backward, merge }, shapes) {
      const shape = onlyInput(shapes, 3)
      const [[first, ...states], [second, ...others]] = [recurrentShapes(forward, shape), recurrentShapes(backward, shape)] as [SymbolicShape[], SymbolicShape[]]
      const [width, otherWidth] = [first!.at(-1)!, second!.at(-1)!]
      if (merge !== null && merge !== 'concat' && width !== otherWidth) throw misfit(`it cannot ${merge} outputs of ${width} and ${otherWidth} units`)
      const outputs = merge === null ? [first!, second!] : [[...first!.slice(0, -1), merge === 'concat' ? width! + otherWidth! : width!]]
      return [...outputs, ...states, ...others]
    },
    macs: ({ forward, backward }, [shape]) => recurrentMacs(forward, shape ?? []) + recurrentMacs(backward, shape ?? []),
  }
}

export function timeDistributed (types: () => InnerTypes): LayerType<TimeDistributedConfig> {
  const typeOf = ({ inner }: TimeDistributedConfig) => types().get(inner.type)
  const atOneStep = (shapes: readonly SymbolicShape[]): SymbolicShape => {
    const [batch, , ...rest] = onlyInput(shapes)
    if (rest.length === 0) throw misfit('its input must have a batch axis, an axis of steps and one more')
    return [batch!, ...rest]
  }
  return {
    classNames: ['TimeDistributed'],
    operation: false,
    parse: (config, where) => ({ inner: innerOf('layer', config, where, types()) }),
    weights: (c, shapes) => within('layer', typeOf(c).weights(c.inner.config, [atOneStep(shapes)], PLAIN_CALL)).map((spec) => ({ ...spec, role: spec.role.replace(/^layer\//, '') })),
    outputShapes (c, shapes) {
      const [, steps] = onlyInput(shapes)
      return typeOf(c).outputShapes(c.inner.config, [atOneStep(shapes)], PLAIN_CALL).map(([batch, ...rest]) => [batch!, steps!, ...rest])
    },
    macs (c, shapes, outputs) {
      const [, steps] = onlyInput(shapes)
      return (steps ?? 1) * typeOf(c).macs(c.inner.config, [atOneStep(shapes)], outputs.map(([batch, , ...rest]) => [batch!, ...rest]), PLAIN_CALL)
    },
  }
}

function innerOf (key: string, config: KerasConfig, where: Where, types: InnerTypes): InnerLayer {
  const reader = new ConfigReader(config, where)
  const inner = config[key]
  if (!isRecord(inner) || typeof inner.class_name !== 'string' || !isRecord(inner.config)) throw reader.wrong(key, 'a layer with "class_name" and "config"')
  const type = types.typeOf(inner.class_name)
  if (type === undefined || type === 'InputLayer') throw reader.unsupported(`around layers of type ${inner.class_name.slice(0, 60)}`)
  return { type, config: types.get(type).parse(inner.config, { ...where, className: inner.class_name }) }
}

/** The weights of an inner layer under its name: in roles, and in where a file keeps them. */
function within (name: string, specs: readonly WeightSpec[]): WeightSpec[] {
  return specs.map((spec) => ({ ...spec, role: `${name}/${spec.role}`, store: [name, spec.store ?? ''].filter((part) => part !== '').join('/') }))
}
