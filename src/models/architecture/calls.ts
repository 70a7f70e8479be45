/** The calls of layers as Keras 2 and Keras 3 write them: which tensors go in. */
import { EspalierError } from '../../errors.ts'
import { assertAtMost, MAX_CALL_INPUTS, MAX_NAME } from './limits.ts'

/** Output number `tensor` of call number `node` of a layer. */
export interface TensorRef { readonly layer: string, readonly node: number, readonly tensor: number }

export interface Call {
  readonly inputs: readonly TensorRef[]
  /** How it is written; nested models are numbered differently. */
  readonly flavour: 2 | 3
  /** For each input the argument that it is given as: its place in the call, or its name. */
  readonly places: ReadonlyArray<number | string>
  /** Arguments besides tensors that are set by name, such as `training` when true. */
  readonly set: readonly string[]
  /** Masks given for the inputs, in their order; undefined leaves an input the mask it has. */
  readonly masks: ReadonlyArray<TensorRef | undefined>
  /** All arguments of a Keras 3 call, each tensor in them replaced by `{class_name: "__input__", index}`. */
  readonly written?: WrittenCall
}

/** What a call is written as, constants included. */
export interface WrittenCall { readonly args: readonly unknown[], readonly kwargs: Readonly<Record<string, unknown>> }

/** Stands for input number `index` of the call in its written arguments. */
export const INPUT_MARK = '__input__'

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
  const { mask, ...others } = kwargs as { readonly mask?: unknown }
  const inputs: TensorRef[] = []
  const places: Array<number | string> = []
  const take = (place: number | string, value: unknown): unknown => {
    const written = marked(value, inputs, 0, layer)
    while (places.length < inputs.length) places.push(place)
    return written
  }
  const written = {
    args: args.map((value, place) => take(place, value)),
    kwargs: Object.fromEntries(Object.entries(others).map(([name, value]) => [name, take(INPUT_NAMES.has(name) ? 0 : name, value)])),
  }
  const set = setIn(others)
  // The only flag that layers take by position.
  if (args.includes(true)) set.push('training')
  assertAtMost(inputs.length, MAX_CALL_INPUTS, `inputs of a call of "${layer}"`)
  return { inputs, places, flavour: 3, set, masks: masksOf(mask, tensorOf), written }
}

/** One mask, or a list with one for each input and null where there is none. */
function masksOf (value: unknown, refIn: (value: unknown) => TensorRef | undefined): Array<TensorRef | undefined> {
  const single = refIn(value)
  if (single !== undefined) return [single]
  return Array.isArray(value) ? value.slice(0, MAX_CALL_INPUTS).map(refIn) : []
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
  const places: Array<number | string> = inputs.map(() => 0)
  const set: string[] = []
  const masks: Array<TensorRef | undefined> = []
  for (const item of items) {
    const { mask, ...kwargs } = ((item as unknown[])[3] ?? {}) as { readonly mask?: unknown }
    masks.push(...masksOf(mask, refOf))
    for (const [name, value] of Object.entries(kwargs)) {
      const refs = refOf(value) !== undefined ? [refOf(value)!] : masksOf(value, refOf).filter((ref) => ref !== undefined)
      inputs.push(...refs)
      places.push(...refs.map(() => INPUT_NAMES.has(name) ? 0 : name))
    }
    set.push(...setIn(kwargs))
  }
  assertAtMost(inputs.length, MAX_CALL_INPUTS, `inputs of a call of "${layer}"`)
  return { inputs, places, flavour: 2, set, masks }
}

/** Names of switches that are on. */
function setIn (kwargs: object): string[] {
  return Object.entries(kwargs).filter(([, value]) => value === true).map(([name]) => name)
}

/** `value` with its tensors marked and added to `inputs`, depth first; dictionaries by sorted keys, as Keras flattens them. */
function marked (value: unknown, inputs: TensorRef[], depth: number, layer: string): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (depth > MAX_DEPTH) throw malformed(`the arguments of a call of "${layer}" are nested deeper than ${MAX_DEPTH} levels`)
  const tensor = tensorOf(value)
  if (tensor !== undefined) return { class_name: INPUT_MARK, index: inputs.push(tensor) - 1 }
  if (Array.isArray(value)) return value.map((item: unknown) => marked(item, inputs, depth + 1, layer))
  return Object.fromEntries(Object.keys(value).sort().map((key) => [key, marked((value as Record<string, unknown>)[key], inputs, depth + 1, layer)]))
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
