/** The graph of one program: nodes with unique names, constants kept once, and the order of reads and writes of every variable. */
import { attribute, DT_BOOL, DT_FLOAT, DT_INT32, encodeNode, type NodeDef } from './proto.ts'

/** Constants up to this many bytes are compared by content; larger ones are seldom twice in a graph. */
const SHARED_BYTES = 4096

export interface GraphVariable { readonly name: string, readonly dtype: number, readonly shape: readonly number[] }

type Attributes = NodeDef['attributes']

export class Graph {
  readonly nodes: NodeDef[] = []
  readonly #constants = new Map<string, string>()

  /** A graph with the first nodes of this one. */
  upTo (nodes: number): Graph {
    const graph = new Graph()
    graph.nodes.push(...this.nodes.slice(0, nodes))
    return graph
  }

  add (name: string, op: string, inputs: readonly string[], attributes: Attributes): string {
    this.nodes.push({ name, op, inputs, attributes })
    return name
  }

  /** The handle of a variable, which all functions share. */
  declare ({ name, dtype, shape }: GraphVariable): string {
    return this.add(name, 'VarHandleOp', [], {
      dtype: attribute.type(dtype), shape: attribute.shape(shape), shared_name: attribute.string(name), container: attribute.string(''),
    })
  }

  /** `contents` are the values' bytes; equal small constants become one node. */
  constant (name: string, dtype: number, shape: readonly number[], contents: Uint8Array): string {
    const value = splatOf(dtype, contents) ?? contents
    const attributes = {
      dtype: attribute.type(dtype),
      value: typeof value === 'number' ? attribute.splat(dtype, shape, value) : attribute.tensor(dtype, shape, contents),
    }
    const bytes = encodeNode({ name: '', op: 'Const', inputs: [], attributes })
    if (bytes.length > SHARED_BYTES) return this.add(name, 'Const', [], attributes)
    const key = String.fromCharCode(...bytes)
    const known = this.#constants.get(key)
    if (known !== undefined) return known
    this.#constants.set(key, name)
    return this.add(name, 'Const', [], attributes)
  }
}

/** Undefined when the values differ or are fewer than two. */
function splatOf (dtype: number, contents: Uint8Array): number | undefined {
  const view = dtype === DT_BOOL ? contents : dtype === DT_FLOAT || dtype === DT_INT32 ? words(contents) : undefined
  if (view === undefined || view.length < 2 || !view.every((word: number) => word === view[0])) return undefined
  return dtype === DT_FLOAT ? new Float32Array(view.buffer, view.byteOffset, 1)[0] : dtype === DT_INT32 ? view[0]! | 0 : view[0]
}

function words (contents: Uint8Array): Uint32Array {
  return new Uint32Array(contents.slice().buffer)
}

/** What happened to the variables of one function so far, as control dependencies: without them TensorFlow's executor may reorder reads and writes. */
export class ResourceOrder {
  readonly #reads = new Map<string, string[]>()
  readonly #writes = new Map<string, string>()

  /** A read comes after the write before it. */
  beforeRead (variable: string): string[] {
    const write = this.#writes.get(variable)
    return write === undefined ? [] : [`^${write}`]
  }

  read (variable: string, node: string): void {
    this.#reads.set(variable, [...this.#reads.get(variable) ?? [], node])
  }

  /** A write comes after the write before it and all reads since. */
  beforeWrite (variable: string): string[] {
    return [...this.beforeRead(variable), ...(this.#reads.get(variable) ?? []).map((node) => `^${node}`)]
  }

  write (variable: string, node: string): void {
    this.#writes.set(variable, node)
    this.#reads.delete(variable)
  }

  /** The last write of every variable that was written. */
  lastWrites (): string[] {
    return [...new Set(this.#writes.values())].map((node) => `^${node}`)
  }
}
