/** A Keras model configuration as a tree of models and layers, with names, calls and references checked. */
import { EspalierError } from '../../errors.ts'
import { layerTypeOf, type KerasConfig } from '../layers/index.ts'
import { symbolicShape } from '../layers/core.ts'
import { isRecord, type Json } from '../json.ts'
import { KERAS_MODULE } from '../keras-object.ts'
import type { SymbolicShape } from '../tensor.ts'
import { callOf, refOf, refsOf, type Call, type TensorRef } from './calls.ts'
import { assertAtMost, MAX_LAYERS, MAX_NAME, MAX_NESTING } from './limits.ts'

export interface LayerEntry {
  readonly name: string
  readonly className: string
  /** Written by code that is not part of Keras, under this name. */
  readonly customName?: string
  /** A Keras operation such as `h + x`: no layer, and stored nowhere. */
  readonly isOperation: boolean
  readonly config: KerasConfig
  readonly calls: readonly Call[]
  /** A nested model. */
  readonly model?: ModelEntry
  /** The input shapes that Keras noted when it built the layer. */
  readonly builtFor?: readonly SymbolicShape[]
  /** Objects written in several places have the same number. */
  readonly sharedId?: number
}

export interface ModelEntry {
  readonly kind: 'sequential' | 'functional'
  readonly name: string
  readonly className: string
  readonly customName?: string
  readonly trainable: boolean
  readonly entries: readonly LayerEntry[]
  /** Of functional models. */
  readonly inputs: readonly TensorRef[]
  readonly outputs: ReadonlyArray<{ readonly name: string, readonly ref: TensorRef }>
  /** Of sequential models that do not begin with an InputLayer. */
  readonly builtFor?: SymbolicShape
}

/** Keras 2 wrote functional models as Model. */
const MODEL_KINDS: Readonly<Record<string, ModelEntry['kind']>> = { Sequential: 'sequential', Functional: 'functional', Model: 'functional' }

const OPERATION_MODULE = /^keras\.(src\.(ops|activations)|ops)(\.|$)/

/** Is this a model with layers that are listed? */
export function isModel (object: Json): boolean {
  const { class_name: className, config } = object
  if (className === 'Sequential') return Array.isArray(config) || (isRecord(config) && Array.isArray(config.layers))
  return isRecord(config) && Array.isArray(config.layers) && config.input_layers !== undefined && config.output_layers !== undefined
}

/** The tree of a model. Throws `invalid-model` for what is malformed and `limit-exceeded` past the limits. */
export function readModelEntry (object: Json, counter = { layers: 0 }, depth = 0): ModelEntry {
  assertAtMost(depth + 1, MAX_NESTING, 'models within models')
  const className = textOf(object.class_name, 'the "class_name" of a model')
  const kind = Object.hasOwn(MODEL_KINDS, className) ? MODEL_KINDS[className]! : 'functional'
  // Before 2.2 Keras wrote a sequential model as a list of its layers.
  const config: Json = Array.isArray(object.config) ? { layers: object.config } : object.config as Json
  const name = config.name === undefined ? className : textOf(config.name, 'the "name" of a model')
  const list = config.layers as unknown[]
  counter.layers += list.length
  assertAtMost(counter.layers, MAX_LAYERS, 'layers')
  const entries = list.map((item, index) => readLayerEntry(item, `layer ${index + 1} of "${name}"`, counter, depth))
  assertUnique(entries, name)
  const custom = customNameOf(object, className)
  const builtFor = symbolicShape(config.build_input_shape) ?? symbolicShape(config.batch_input_shape) ?? shapesOf(object.build_config)?.[0]
  return {
    kind,
    name,
    className,
    trainable: config.trainable !== false,
    entries,
    inputs: kind === 'sequential' ? [] : refsOf(config.input_layers, `"input_layers" of "${name}"`),
    outputs: kind === 'sequential' ? [] : outputsOf(config.output_layers, name),
    ...(custom !== undefined && { customName: custom }),
    ...(builtFor !== undefined && { builtFor }),
  }
}

function readLayerEntry (item: unknown, what: string, counter: { layers: number }, depth: number): LayerEntry {
  if (!isRecord(item)) throw invalid(`${what} must be an object`)
  const className = textOf(item.class_name, `the "class_name" of ${what}`)
  const config = Array.isArray(item.config) ? { layers: item.config } : item.config ?? {}
  if (!isRecord(config)) throw invalid(`the "config" of ${what} must be an object`)
  const name = textOf(item.name ?? config.name, `the "name" of ${what}`)
  const inbound = item.inbound_nodes ?? []
  if (!Array.isArray(inbound)) throw invalid(`"inbound_nodes" of "${name}" must be a list`)
  const calls = inbound.map((node: unknown) => callOf(node, name))
  const isOperation = isOperationOf(item, className, calls)
  const custom = customNameOf(item, className)
  const builtFor = shapesOf(item.build_config) ?? shapesOf({ input_shape: config.batch_input_shape })
  return {
    name,
    className,
    isOperation,
    // The call's arguments stand for settings: an operation is applied once, and its constants are written there.
    config: isOperation && calls[0]?.written !== undefined ? { ...config, call: calls[0].written } : config,
    calls,
    ...(custom !== undefined && { customName: custom }),
    ...(isModel(item) && { model: readModelEntry(item, counter, depth + 1) }),
    ...(builtFor !== undefined && { builtFor }),
    ...(typeof item.shared_object_id === 'number' && { sharedId: item.shared_object_id }),
  }
}

/** `.h5` files name no module: there an operation is told from the layer of its name by its arguments, which are not one list, or by its settings. */
function isOperationOf ({ module, config }: Json, className: string, calls: readonly Call[]): boolean {
  if (typeof module === 'string') return OPERATION_MODULE.test(module)
  if (layerTypeOf(className, true) === undefined) return false
  return layerTypeOf(className) === undefined || (calls[0]?.written?.args.length ?? 0) > 1 || (isRecord(config) && config.newshape !== undefined)
}

/** Is this entry of a file's layers an operation? Throws `invalid-model` for malformed calls. */
export function isOperationEntry (item: Json): boolean {
  const calls = Array.isArray(item.inbound_nodes) ? item.inbound_nodes.map((node: unknown) => callOf(node, String(item.name))) : []
  return isOperationOf(item, String(item.class_name), calls)
}

function outputsOf (value: unknown, model: string): Array<{ name: string, ref: TensorRef }> {
  const what = `"output_layers" of "${model}"`
  // Keras flattens dictionaries in the order of their sorted keys.
  if (isRecord(value) && Object.values(value).every((one) => refOf(one) !== undefined)) {
    return Object.keys(value).sort().map((name) => ({ name, ref: refOf(value[name])! }))
  }
  return refsOf(value, what).map((ref) => ({ name: ref.layer, ref }))
}

/** `package>Class` of a class that is registered by somebody, or one of a module that is not Keras'. */
function customNameOf ({ registered_name: registered, module }: Json, className: string): string | undefined {
  if (typeof registered === 'string' && registered.includes('>') && !/^(keras|tf_keras)\b/i.test(registered)) return registered.slice(0, MAX_NAME)
  return typeof module === 'string' && !KERAS_MODULE.test(module) ? `${module.slice(0, MAX_NAME)}.${className}` : undefined
}

/** The shapes in a `build_config`: one, or one per input. */
function shapesOf (value: unknown): SymbolicShape[] | undefined {
  if (!isRecord(value)) return undefined
  const shape = value.input_shape
  const single = symbolicShape(shape)
  if (single !== undefined) return [single]
  const several = Array.isArray(shape) ? shape.map(symbolicShape) : []
  return several.length > 0 && several.every((one) => one !== undefined) ? several : undefined
}

function assertUnique (entries: readonly LayerEntry[], model: string): void {
  const names = new Set<string>()
  for (const { name } of entries) {
    if (names.has(name)) throw invalid(`two layers of "${model}" have the name "${name}"`)
    names.add(name)
  }
}

function textOf (value: unknown, what: string): string {
  if (typeof value !== 'string' || value === '') throw invalid(`${what} must be a text`)
  if (value.length > MAX_NAME) throw new EspalierError('limit-exceeded', `${what} has ${value.length} characters, at most ${MAX_NAME} are read`, { limit: MAX_NAME })
  return value
}

export function invalid (text: string): EspalierError {
  return new EspalierError('invalid-model', `model configuration: ${text}`)
}
