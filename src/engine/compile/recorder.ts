/** Records one run of a step at the native binding: every TensorFlow operation becomes a node, every declared variable a resource. */
import type { Tensor, TensorInfo, Variable } from '@tensorflow/tfjs-core'
import * as tf from '@tensorflow/tfjs-core'
import { EspalierError } from '../../errors.ts'
import { Graph, ResourceOrder } from './graph.ts'
import { nativeBackend, type Binding, type NativeBackend, type OpAttribute, type OutputInfo } from './native.ts'
import { attribute } from './proto.ts'
import type { ResourceOp } from './resource-op.ts'

/** Their outputs' shapes depend on values, which a graph of fixed shapes cannot hold. */
const VALUE_SHAPED = new Set(['Where', 'Unique', 'UniqueV2', 'NonMaxSuppressionV3', 'NonMaxSuppressionV4', 'NonMaxSuppressionV5', 'BooleanMask', 'ListDiff'])

/** Types that tfjs-node leaves to eager execution to tell, by attribute: those of the inputs of these numbers. */
const INFERRED: Readonly<Record<string, Readonly<Record<string, number>>>> = { ExpandDims: { T: 0, Tdim: 1 } }

export interface Recorded {
  /** Of the function's outputs, in its order: `node:index`. */
  readonly outputs: readonly string[]
  /** Fetched instead of outputs when there are none. */
  readonly done: string
}

export interface RecordRequest {
  readonly graph: Graph
  /** Begins the name of every node of this function. */
  readonly prefix: string
  /** By name in the graph. */
  readonly variables: ReadonlyMap<string, Variable>
  readonly inputs: readonly Tensor[]
  run (...inputs: Tensor[]): readonly Tensor[]
}

let active: Recorder | undefined

/** The recorder of the step that is being recorded, for operations that are more than one eager operation. */
export function activeRecorder (): Recorder | undefined {
  return active
}

/** Runs the step once and adds it to the graph. Throws `invalid-step` for what cannot be recorded. The variables hold their values from before afterwards. */
export function record (request: RecordRequest): Recorded {
  if (active !== undefined) throw new EspalierError('invalid-step', 'a step is compiled while another is being recorded')
  const backend = nativeBackend()
  const before = [...request.variables.values()].map((variable) => tf.clone(variable))
  const { binding, getInputTensorIds } = backend
  const recorder = new Recorder(request, backend, binding)
  active = recorder
  backend.binding = recorder.binding()
  backend.getInputTensorIds = (tensors) => recorder.note(tensors, getInputTensorIds.call(backend, tensors))
  try {
    let recorded: Recorded | undefined
    tf.tidy(() => { recorded = recorder.finish(request.run(...request.inputs)) })
    return recorded!
  } finally {
    active = undefined
    backend.binding = binding
    backend.getInputTensorIds = getInputTensorIds
    ;[...request.variables.values()].forEach((variable, index) => { variable.assign(before[index]!) })
    tf.dispose(before)
  }
}

export class Recorder {
  readonly #graph: Graph
  readonly #prefix: string
  readonly #variables: ReadonlyMap<string, Variable>
  readonly #nameOf: ReadonlyMap<Variable, string>
  readonly #backend: NativeBackend
  readonly #native: Binding
  readonly #order = new ResourceOrder()
  /** By tensor id of the binding: where the graph has its value. */
  readonly #places = new Map<number, string | (() => string)>()
  readonly #operations = new Map<number, string>()
  readonly #dtypes = new Map<number, number>()
  readonly #described = new Map<number, string>()
  /** The tensor id that stands for what a variable's resource holds. */
  readonly #held = new Map<string, number>()
  #count = 0

  constructor ({ graph, prefix, variables, inputs }: RecordRequest, backend: NativeBackend, native: Binding) {
    this.#graph = graph
    this.#prefix = prefix
    this.#variables = variables
    this.#nameOf = new Map([...variables].map(([name, variable]) => [variable, name]))
    this.#backend = backend
    this.#native = native
    for (const [name, variable] of variables) this.#hold(name, this.#idOf(variable))
    for (const [index, input] of inputs.entries()) {
      const [id, dtype] = [this.#idOf(input), backend.getDTypeInteger(input.dtype)]
      this.#dtypes.set(id, dtype)
      const fed = graph.add(`${prefix}/x${index}`, 'Placeholder', [], { dtype: attribute.type(dtype), shape: attribute.shape(input.shape) })
      // Nothing in the graph may keep memory that is JavaScript's: see the assignments in program.ts.
      this.#places.set(id, graph.add(`${prefix}/x${index}/own`, 'DeepCopy', [fed], { T: attribute.type(dtype) }))
    }
  }

  binding (): Binding {
    const recorder = Object.create(this.#native) as Binding & Record<string, unknown>
    for (const key of Object.getOwnPropertyNames(this.#native)) {
      Object.defineProperty(recorder, key, { value: (this.#native as unknown as Record<string, unknown>)[key], writable: true, configurable: true })
    }
    return Object.assign(recorder, {
      createTensor: this.#createTensor.bind(this), executeOp: this.#executeOp.bind(this), tensorDataSync: this.#refuseRead.bind(this),
    })
  }

  /** Remembers what the tensors are called, for messages. */
  note (tensors: readonly TensorInfo[], ids: number[]): number[] {
    ids.forEach((id, index) => this.#described.set(id, describe(tensors[index]!)))
    return ids
  }

  /** Updates variables in place by one operation; afterwards they read as what it wrote. */
  applyResource ({ op, attributes, inputs, writes }: ResourceOp): void {
    const written = writes.map((variable) => this.#named(variable, op))
    for (const variable of inputs) if (isVariable(variable) && this.#nameOf.has(variable)) this.#flush(this.#named(variable, op), variable)
    const sources = inputs.map((input) => isVariable(input) && this.#nameOf.has(input) ? this.#named(input, op) : this.#place(this.#idOf(input), op))
    const order = [...new Set(written.flatMap((name) => this.#order.beforeWrite(name)))]
    const node = this.#graph.add(this.#next(), op, [...sources, ...order], {
      T: attribute.type(this.#backend.getDTypeInteger('float32')),
      ...Object.fromEntries(Object.entries(attributes).map(([key, value]) => [key, attribute.bool(value)])),
    })
    for (const [index, variable] of writes.entries()) {
      const name = written[index]!
      this.#order.write(name, node)
      this.#renew(name, variable)
    }
  }

  finish (results: readonly Tensor[]): Recorded {
    const outputs = results.map((tensor) => {
      const place = this.#place(this.#idOf(tensor), 'output')
      return { place, dtype: this.#backend.getDTypeInteger(tensor.dtype) }
    })
    for (const [name, variable] of this.#variables) this.#flush(name, variable)
    const writes = this.#order.lastWrites()
    const done = this.#graph.add(`${this.#prefix}/done`, 'Const', writes, { dtype: attribute.type(1), value: attribute.tensor(1, [], new Uint8Array(4)) })
    return {
      outputs: outputs.map(({ place, dtype }, index) => `${this.#graph.add(`${this.#prefix}/out${index}`, 'Identity', [place, ...writes], { T: attribute.type(dtype) })}:0`),
      done: `${done}:0`,
    }
  }

  #createTensor (shape: readonly number[], dtype: number, values: ArrayBufferView | readonly string[]): number {
    const id = this.#native.createTensor(shape, dtype, values)
    if (!ArrayBuffer.isView(values)) throw new EspalierError('invalid-step', 'a step makes a tensor of strings, which a compiled step cannot hold')
    const contents = new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
    this.#dtypes.set(id, dtype)
    this.#places.set(id, this.#graph.constant(this.#next(), dtype, shape, contents))
    return id
  }

  #executeOp (op: string, attributes: readonly OpAttribute[], inputs: readonly number[], outputs: number): OutputInfo[] {
    if (VALUE_SHAPED.has(op)) throw new EspalierError('invalid-step', `${op}: the shape of its result depends on values, which a compiled step cannot hold`, { op })
    const sources = inputs.map((id) => this.#place(id, op))
    const results = this.#native.executeOp(op, attributes, inputs, outputs)
    const inferred = Object.entries(INFERRED[op] ?? {}).map(([name, input]) => [name, attribute.type(this.#dtypes.get(inputs[input]!)!)])
    const given = attributes.map((one) => [one.name, this.#encoded(one, op)])
    const name = this.#graph.add(this.#next(), op, sources, Object.fromEntries([...inferred, ...given]) as Record<string, Uint8Array>)
    for (const [index, { id, dtype }] of results.entries()) {
      this.#dtypes.set(id, dtype)
      this.#places.set(id, index === 0 ? name : `${name}:${index}`)
      this.#operations.set(id, op)
    }
    return results
  }

  #refuseRead (id: number): never {
    const what = this.#operations.get(id) ?? this.#described.get(id) ?? 'a tensor'
    throw new EspalierError('invalid-step', `the step reads a value to JavaScript (of ${what}): a compiled step computes it later, keep it a tensor`, { op: what })
  }

  #place (id: number, op: string): string {
    const place = this.#places.get(id)
    if (typeof place === 'string') return place
    if (place !== undefined) {
      const read = place()
      this.#places.set(id, read)
      return read
    }
    const tensor = this.#described.get(id) ?? 'a tensor'
    throw new EspalierError('invalid-step', `${op} reads ${tensor}, which was made outside the step: declare it as state or as an input`, { op, tensor })
  }

  #hold (name: string, id: number): void {
    this.#held.set(name, id)
    this.#dtypes.set(id, this.#backend.getDTypeInteger(this.#variables.get(name)!.dtype))
    this.#places.set(id, () => {
      const dtype = attribute.type(this.#backend.getDTypeInteger(this.#variables.get(name)!.dtype))
      const node = this.#graph.add(this.#next(), 'ReadVariableOp', [name, ...this.#order.beforeRead(name)], { dtype })
      this.#order.read(name, node)
      return node
    })
  }

  /** Gives a variable a tensor of its own that stands for the resource's new value. */
  #renew (name: string, variable: Variable): void {
    const recording = this.#backend.binding
    this.#backend.binding = this.#native
    try {
      variable.assign(tf.zerosLike(variable))
      this.#hold(name, this.#idOf(variable))
    } finally {
      this.#backend.binding = recording
    }
  }

  /** Writes what was assigned to a variable into its resource. */
  #flush (name: string, variable: Variable): void {
    const id = this.#idOf(variable)
    if (id === this.#held.get(name)) return
    const dtype = attribute.type(this.#backend.getDTypeInteger(variable.dtype))
    const node = this.#graph.add(this.#next(), 'AssignVariableOp', [name, this.#place(id, 'assign'), ...this.#order.beforeWrite(name)], { dtype })
    this.#order.write(name, node)
    this.#held.set(name, id)
  }

  #named (variable: Variable, op: string): string {
    const name = this.#nameOf.get(variable)
    if (name === undefined) throw new EspalierError('invalid-step', `${op} updates ${describe(variable)}, which is not declared as state`, { op })
    return name
  }

  #encoded ({ name, type, value }: OpAttribute, op: string): Uint8Array {
    const { TF_ATTR_STRING, TF_ATTR_INT, TF_ATTR_FLOAT, TF_ATTR_BOOL, TF_ATTR_TYPE, TF_ATTR_SHAPE } = this.#native
    const list = Array.isArray(value)
    if (type === TF_ATTR_STRING && typeof value === 'string') return attribute.string(value)
    if (type === TF_ATTR_INT) return list ? attribute.ints(value as number[]) : attribute.int(value as number)
    if (type === TF_ATTR_FLOAT) return list ? attribute.floats(value as number[]) : attribute.float(value as number)
    if (type === TF_ATTR_BOOL) return list ? attribute.bools(value as boolean[]) : attribute.bool(Boolean(value))
    if (type === TF_ATTR_TYPE) return list ? attribute.types(value as number[]) : attribute.type(value as number)
    if (type === TF_ATTR_SHAPE && list) return attribute.shape(value as number[])
    throw new EspalierError('invalid-step', `${op}: the attribute "${name}" has a kind that cannot be recorded`, { op })
  }

  #idOf (tensor: TensorInfo): number {
    const [id] = this.#backend.getInputTensorIds([tensor])
    return id!
  }

  #next (): string {
    return `${this.#prefix}/n${this.#count++}`
  }
}

function isVariable (tensor: Tensor): tensor is Variable {
  return tensor instanceof tf.Variable
}

function describe (tensor: TensorInfo): string {
  const { name } = tensor as { name?: string }
  return `${name === undefined ? 'a tensor' : `the variable "${name}"`} of ${tensor.dtype} [${tensor.shape.join(', ')}]`
}
