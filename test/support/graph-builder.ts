/** Builds Keras configurations of layer graphs by hand, call by call. */
import { readArchitecture } from '../../src/models/architecture/index.ts'
import { LAYER_TYPES, layerTypeOf, type LayerType } from '../../src/models/layers/index.ts'
import type { Json } from '../../src/models/json.ts'
import type { SymbolicShape } from '../../src/models/tensor.ts'

export interface Value { readonly layer: string, readonly node: number, readonly output: number, readonly shape: SymbolicShape }

export class GraphBuilder {
  readonly layers: Json[] = []
  readonly #calls = new Map<string, Json[]>()
  readonly #read = new Set<string>()

  input (shape: readonly number[]): Value {
    return this.add('InputLayer', { batch_shape: [null, ...shape] }, [])[0]!
  }

  /** `args`: how the call is written, where that is not the inputs or their list. Without a name in its settings a layer gets one. */
  add (className: string, config: Json, inputs: readonly Value[], args?: readonly unknown[], kwargs: Json = {}): Value[] {
    const name = String(config.name ?? `${className.toLowerCase()}_${this.layers.length}`)
    const isOperation = layerTypeOf(className) === undefined || (args !== undefined && OPERATION_ARGS.has(className))
    const calls: Json[] = []
    const module = isOperation ? 'keras.src.ops.numpy' : 'keras.layers'
    this.layers.push({ module, class_name: className, name, config: { name, ...config }, registered_name: isOperation ? className : null, inbound_nodes: calls })
    this.#calls.set(name, calls)
    return this.#call(name, className, isOperation, config, inputs, args, kwargs)
  }

  /** The first output of an application. */
  one (className: string, config: Json, ...inputs: Value[]): Value {
    return this.add(className, config, inputs)[0]!
  }

  /** A model of one output as a layer. */
  nest (model: Json, ...inputs: Value[]): Value {
    const { name } = model.config as { name: string }
    const calls: Json[] = []
    this.layers.push({ ...model, name, inbound_nodes: calls })
    this.#calls.set(name, calls)
    return this.#callModel(name, model, inputs)
  }

  #callModel (name: string, model: Json, inputs: readonly Value[]): Value {
    const calls = this.#calls.get(name)!
    calls.push({ args: inputs.length === 1 ? inputs.map(tensorOf) : [inputs.map(tensorOf)], kwargs: {} })
    return { layer: name, node: calls.length - 1, output: 0, shape: readArchitecture(model).graph!.outputShapes[0]! }
  }

  /** The layer of `value` once more. */
  again ({ layer }: Value, input: Value): Value {
    const entry = this.layers.find(({ name }) => name === layer)!
    if (entry.class_name === 'Functional') return this.#callModel(layer, entry, [input])
    return this.#call(layer, String(entry.class_name), false, entry.config as Json, [input])[0]!
  }

  #call (name: string, className: string, isOperation: boolean, config: Json, inputs: readonly Value[], args?: readonly unknown[], kwargs: Json = {}): Value[] {
    const calls = this.#calls.get(name)!
    for (const { layer, node, output } of inputs) this.#read.add(`${layer} ${node} ${output}`)
    const written = args ?? (inputs.length === 0 ? undefined : JOINS.has(className) ? [inputs.map(tensorOf)] : inputs.map(tensorOf))
    if (written !== undefined) calls.push({ args: written, kwargs })
    const type = LAYER_TYPES[layerTypeOf(className, isOperation)!] as LayerType<unknown>
    const call = isOperation ? { call: { args: (written ?? []).map(marked(inputs)), kwargs } } : {}
    const parsed = type.parse({ ...config, ...call }, { path: name, className, keras: 3 })
    const shapes = type.outputShapes(parsed, inputs.map(({ shape }) => shape), { roles: inputs.map((_, index) => ATTENTION.has(className) ? ['query', 'value', 'key'][index] : undefined), flags: [] })
    return shapes.map((shape, output) => ({ layer: name, node: Math.max(0, calls.length - 1), output, shape }))
  }

  isRead ({ layer, node, output }: Value): boolean {
    return this.#read.has(`${layer} ${node} ${output}`)
  }

  config (inputs: readonly Value[], outputs: readonly Value[], name = 'model'): Json {
    const refs = (values: readonly Value[]) => values.map(({ layer, node, output }) => [layer, node, output])
    return { module: 'keras.src.models.functional', class_name: 'Functional', registered_name: 'Functional', config: { name, trainable: true, layers: this.layers, input_layers: refs(inputs), output_layers: refs(outputs) } }
  }
}

const JOINS = new Set(['Concatenate', 'Add', 'Subtract', 'Multiply', 'Average', 'Maximum', 'Minimum', 'Attention', 'AdditiveAttention'])
const ATTENTION = new Set(['MultiHeadAttention', 'GroupQueryAttention'])
const OPERATION_ARGS = new Set(['Add', 'Multiply', 'Reshape', 'Concatenate'])

/** How a call names a value. */
export function tensorOf ({ layer, node, output, shape }: Value): Json {
  return { class_name: '__keras_tensor__', config: { shape, dtype: 'float32', keras_history: [layer, node, output] } }
}

/** As the reader of configurations marks the tensors of a call. */
function marked (inputs: readonly Value[]): (argument: unknown) => unknown {
  let next = 0
  const mark = (argument: unknown): unknown => {
    if (Array.isArray(argument)) return argument.map(mark)
    return (argument as Json | null)?.class_name === '__keras_tensor__' && next < inputs.length ? { class_name: '__input__', index: next++ } : argument
  }
  return mark
}

/** A part of a key: from `start` up to `stop`. */
export function slice (start: number | null, stop: number | null): Json {
  return { class_name: '__slice__', config: { start, stop, step: null } }
}
