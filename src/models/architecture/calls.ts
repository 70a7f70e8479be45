/** The calls of layers as Keras 2 and Keras 3 write them: which tensors go in. */
import { EspalierError } from '../../errors.ts'
import { assertAtMost, MAX_CALL_INPUTS, MAX_NAME } from './limits.ts'

/** Output number `tensor` of call number `node` of a layer. */
export interface TensorRef { readonly layer: string, readonly node: number, readonly tensor: number }

export interface Call {
  readonly inputs: readonly TensorRef[]
  /** How it is written; nested models are numbered differently. */
  readonly flavour: 2 | 3
  /** The arguments in order, where all of them are tensors or numbers. */
  readonly operands?: ReadonlyArray<'input' | number>
  /** Arguments besides the inputs that change what is computed: tensors such as `mask`, and `training` when true. */
  readonly named: readonly string[]
}

/** Arguments deeper than this are no call that Keras writes. */
const MAX_DEPTH = 16

/** The one argument that a layer may be given by name just as well. */
const INPUT_NAMES = new Set(['inputs', 'x', 'input'])

/** One of `inbound_nodes`. Keras 3: {args, kwargs}; Keras 2: [[layer, node, tensor, kwargs], ...]. Throws `invalid-model`. */
export function callOf (node: unknown, layer: string): Call {
  if (Array.isArray(node)) return legacyCall(node, layer)
  if (typeof node !== 'object' || node === null) throw malformed(`a call of "${layer}" must be a list or an object`)
  const { args = [], kwargs = {} } = node as { args?: unknown, kwargs?: unknown }
  if (!Array.isArray(args) || typeof kwargs !== 'object' || kwargs === null) throw malformed(`a call of "${layer}" must have a list "args" and an object "kwargs"`)
  const inputs: TensorRef[] = []
  collect(args, inputs, 0, layer)
  const named = Object.entries(kwargs).filter(([name, value]) => {
    const tensors: TensorRef[] = []
    collect(value, tensors, 0, layer)
    if (INPUT_NAMES.has(name)) inputs.push(...tensors)
    return changes(name, value, tensors.length > 0)
  }).map(([name]) => name)
  // The only flag that layers take by position.
  if (args.includes(true)) named.push('training')
  assertAtMost(inputs.length, MAX_CALL_INPUTS, `inputs of a call of "${layer}"`)
  const operands = args.map((argument: unknown) => typeof argument === 'number' ? argument : tensorOf(argument) === undefined ? undefined : 'input' as const)
  return { inputs, flavour: 3, named, ...(operands.every((one) => one !== undefined) && { operands }) }
}

/** A reference written as [layer, node, tensor]; undefined when it is none. */
export function refOf (value: unknown): TensorRef | undefined {
  if (!Array.isArray(value)) return undefined
  const [layer, node, tensor] = value as unknown[]
  if (typeof layer !== 'string' || layer.length > MAX_NAME || !isIndex(node) || !isIndex(tensor)) return undefined
  return { layer, node, tensor }
}

/** References in the order in which Keras flattens them: one, a list, or a dictionary by sorted keys. Throws `invalid-model`. */
export function refsOf (value: unknown, what: string, depth = 0): TensorRef[] {
  const single = refOf(value)
  if (single !== undefined) return [single]
  if (typeof value !== 'object' || value === null || depth > MAX_DEPTH) throw malformed(`${what} must name [layer, node, tensor]`)
  const items = Array.isArray(value) ? value as unknown[] : Object.keys(value).sort().map((key) => (value as Record<string, unknown>)[key])
  return items.flatMap((item) => refsOf(item, what, depth + 1))
}

function legacyCall (node: readonly unknown[], layer: string): Call {
  const items = typeof node[0] === 'string' ? [node] : node
  assertAtMost(items.length, MAX_CALL_INPUTS, `inputs of a call of "${layer}"`)
  const inputs = items.map((item) => {
    const ref = refOf(item)
    if (ref === undefined) throw malformed(`a call of "${layer}" must name its inputs as [layer, node, tensor, {}]`)
    return ref
  })
  const named = items.flatMap((item) => Object.entries((item as unknown[])[3] ?? {}).filter(([name, value]) => changes(name, value, refOf(value) !== undefined)).map(([name]) => name))
  return { inputs, flavour: 2, named }
}

function changes (name: string, value: unknown, holdsTensor: boolean): boolean {
  return (holdsTensor && !INPUT_NAMES.has(name)) || (name === 'training' && value === true)
}

/** Adds the tensors within `value`, depth first; dictionaries by sorted keys, as Keras flattens them. */
function collect (value: unknown, into: TensorRef[], depth: number, layer: string): void {
  if (typeof value !== 'object' || value === null) return
  if (depth > MAX_DEPTH) throw malformed(`the arguments of a call of "${layer}" are nested deeper than ${MAX_DEPTH} levels`)
  const tensor = tensorOf(value)
  if (tensor !== undefined) {
    into.push(tensor)
    return
  }
  const items = Array.isArray(value) ? value as unknown[] : Object.keys(value).sort().map((key) => (value as Record<string, unknown>)[key])
  for (const item of items) collect(item, into, depth + 1, layer)
}

function tensorOf (value: unknown): TensorRef | undefined {
  if (typeof value !== 'object' || value === null || (value as { class_name?: unknown }).class_name !== '__keras_tensor__') return undefined
  const ref = refOf((value as { config?: { keras_history?: unknown } }).config?.keras_history)
  if (ref === undefined) throw malformed('a "__keras_tensor__" must have a "keras_history" of [layer, node, tensor]')
  return ref
}

function isIndex (value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0
}

function malformed (text: string): EspalierError {
  return new EspalierError('invalid-model', `model configuration: ${text}`)
}
