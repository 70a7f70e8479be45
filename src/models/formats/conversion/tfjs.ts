/** A configuration as TF.js layers reads it (that of Keras 2), out of any other; what TF.js does not know is refused by name. */
import { EspalierError } from '../../../errors.ts'
import { isObject, type Json } from '../json.ts'
import { isModelClass, layersIn, nameOf, referencesIn, renumbered, settingsOf, type LayerEntry } from './walk.ts'
import { tfjsLayerRule } from './tfjs-layers.ts'

/** `{class_name, config}` for "model_config". Throws `unsupported-format` naming the layer and what TF.js lacks. */
export function toTfjsConfig (config: Json): Json {
  if (!isModelClass(config.class_name)) {
    throw new EspalierError('unsupported-format',
      `TF.js has no model of class ${String(config.class_name)}; Sequential and Functional models can be converted`)
  }
  return modelEntry(renumbered(config, 'keras2'))
}

function modelEntry (model: Json): { class_name: string, config: Json } {
  const layers = layersIn(model)
  const { name, input_layers: inputs, output_layers: outputs } = settingsOf(model)
  if (model.class_name === 'Sequential') return { class_name: 'Sequential', config: { name, layers: layers.map((layer) => layerEntry(layer)) } }
  return {
    class_name: 'Model',
    config: {
      name,
      layers: layers.map((layer) => ({ name: nameOf(layer), ...layerEntry(layer), inbound_nodes: inboundNodes(layer) })),
      input_layers: referencesIn(inputs),
      output_layers: referencesIn(outputs),
    },
  }
}

function layerEntry (layer: LayerEntry): { class_name: string, config: Json } {
  if (isModelClass(layer.class_name)) return modelEntry(layer)
  const refused = (what: string) => new EspalierError('unsupported-format', `layer ${nameOf(layer)} (${layer.class_name}) cannot be written for TF.js: ${what}`, { layer: nameOf(layer), className: layer.class_name })
  if (typeof layer.module === 'string' && layer.module !== 'keras.layers') throw refused(`it is of ${layer.module}, TF.js reads the layers of keras.layers`)
  const rule = tfjsLayerRule(layer.class_name)
  if (rule === undefined) throw refused('TF.js has no such layer')
  const config = plainObjects(layer.config, refused) as Json
  const problem = rule.problem?.(config)
  if (problem !== undefined) throw refused(problem)
  return { class_name: layer.class_name, config: commonSettings(rule.adapt?.(config) ?? config, layer.class_name, refused) }
}

type Refuse = (what: string) => EspalierError

/** Settings all layers have. */
function commonSettings (config: Json, className: string, refused: Refuse): Json {
  const { batch_shape: shape, optional: _, ragged: __, quantization_config: ___, dtype, ...rest } = config
  const isIndex = className === 'InputLayer' && typeof dtype === 'string' && /^u?int|^bool/.test(dtype)
  return {
    ...rest,
    ...(shape !== undefined && { batch_input_shape: shape }),
    // TF.js computes in float32 only.
    dtype: isIndex ? 'int32' : 'float32',
    ...(typeof rest.activation === 'string' && { activation: activation(rest.activation, refused) }),
  }
}

/** Activations that mean the same in Keras and TF.js, by their names there. Keras 3 changed hard_sigmoid. */
const ACTIVATIONS: Readonly<Record<string, string>> = {
  linear: 'linear', relu: 'relu', relu6: 'relu6', elu: 'elu', selu: 'selu', sigmoid: 'sigmoid', softmax: 'softmax', softplus: 'softplus', softsign: 'softsign', tanh: 'tanh',
  gelu: 'gelu', mish: 'mish', swish: 'swish', silu: 'swish', log_softmax: 'log_softmax',
}

function activation (name: string, refused: Refuse): string {
  const known = Object.hasOwn(ACTIVATIONS, name) ? ACTIVATIONS[name] : undefined
  if (known === undefined) throw refused(`TF.js has no activation ${name} that means the same`)
  return known
}

const INITIALIZERS = new Set(['Zeros', 'Ones', 'Constant', 'RandomUniform', 'RandomNormal', 'TruncatedNormal', 'Identity', 'VarianceScaling', 'GlorotUniform', 'GlorotNormal',
  'HeNormal', 'HeUniform', 'LeCunNormal', 'LeCunUniform', 'Orthogonal'])
const CONSTRAINTS = new Set(['MaxNorm', 'UnitNorm', 'NonNeg', 'MinMaxNorm'])

/** `{module, class_name, config, registered_name}` as `{class_name, config}`; an activation object as its name. */
function plainObjects (value: unknown, refused: Refuse, key = ''): unknown {
  if (Array.isArray(value)) return value.map((item) => plainObjects(item, refused, key))
  if (!isObject(value)) return value
  if (typeof value.class_name !== 'string') return Object.fromEntries(Object.entries(value).map(([inner, item]) => [inner, plainObjects(item, refused, inner)]))
  const config = isObject(value.config) ? value.config : {}
  if (key === 'dtype') return typeof config.name === 'string' ? config.name : 'float32'
  if (key === 'activation') return value.class_name === 'function' && typeof value.config === 'string' ? value.config : value.class_name
  // The weights are given, so an initializer that TF.js lacks does no harm when it is replaced.
  if (key.endsWith('_initializer')) return INITIALIZERS.has(value.class_name) ? { class_name: value.class_name, config } : { class_name: 'Zeros', config: {} }
  if (key.endsWith('_regularizer')) return regularizer(value.class_name, config, refused)
  if (key.endsWith('_constraint') && CONSTRAINTS.has(value.class_name)) return { class_name: value.class_name, config }
  throw refused(`its ${key} is a ${value.class_name}, which TF.js does not have`)
}

function regularizer (className: string, config: Json, refused: Refuse): Json {
  if (!['L1', 'L2', 'L1L2'].includes(className)) throw refused(`TF.js has no regularizer ${className}`)
  return { class_name: 'L1L2', config: { l1: config.l1 ?? 0, l2: config.l2 ?? 0 } }
}

/** `[[layer, node, tensor, {}], ...]` for each call. */
function inboundNodes (layer: LayerEntry): unknown[] {
  const calls = Array.isArray(layer.inbound_nodes) ? layer.inbound_nodes : []
  return calls.map((call: unknown) => {
    const given = isObject(call) ? call.args : call
    if (isObject(call) && referencesIn(call.kwargs).length > 0) {
      throw new EspalierError('unsupported-format',
        `layer ${nameOf(layer)} (${layer.class_name}) cannot be written for TF.js: a tensor is passed to it by name`,
        { layer: nameOf(layer) })
    }
    return referencesIn(given).map((reference) => [...reference, {}])
  })
}
