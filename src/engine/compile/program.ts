/** Compiles functions over one shared state into one TensorFlow graph and runs them in one session. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as tf from '@tensorflow/tfjs-core'
import type { Tensor, Variable } from '@tensorflow/tfjs-core'
import { EspalierError } from '../../errors.ts'
import { Graph } from './graph.ts'
import { nativeBackend } from './native.ts'
import { attribute, encodeNode, encodeSavedModel, type NodeDef } from './proto.ts'
import { record, type Recorded } from './recorder.ts'

/** An ordinary function over tensors and the state's variables. It is run to be recorded, not to compute. */
export type Step = (...inputs: Tensor[]) => readonly Tensor[]

export interface InputSpec { readonly shape: readonly number[], readonly dtype: 'float32' | 'int32' | 'bool' }

export interface Program {
  /** Runs a function; inputs of shapes that it was not compiled for compile it once more. The outputs are the caller's to dispose of. */
  run (name: string, inputs?: readonly Tensor[]): Tensor[]
  /** Compiles functions ahead, all into the next load of the session. */
  prepare (specs: Readonly<Record<string, readonly InputSpec[]>>): void
  /** Copies of state variables; the caller's to dispose of. */
  read (names: readonly string[]): Tensor[]
  /** Sets state variables. Throws `shape-mismatch`. */
  write (values: Readonly<Record<string, Tensor>>): void
  /** How often the session was loaded: more than once when a signature came up that was not prepared. */
  readonly loads: number
  /** Nodes of the graph as it stands. */
  readonly nodes: readonly NodeDef[]
  /** Frees the session; the state's variables stay the caller's. */
  dispose (): void
}

/** Of state variables set in one run of the graph. */
const ASSIGN_BYTES = 1 << 24
const VALUE_BYTES = 4

interface Compiled extends Recorded { readonly names: ReadonlyArray<{ readonly name: string }> }

/**
 * Compiles `functions` over `state`. The variables give the first values; afterwards the values live in the session, and `read` and `write` reach
 * them. Throws `invalid-step` for a function that cannot be recorded: it reads values to JavaScript, draws random numbers there, or reads tensors
 * that are neither state nor inputs.
 */
export function createProgram (state: Readonly<Record<string, Variable>>, functions: Readonly<Record<string, Step>>): Program {
  const backend = nativeBackend()
  const variables = new Map(Object.entries(state).map(([name, variable], index) => [`v${index}_${name.replace(/[^A-Za-z0-9_]/g, '_')}`, variable]))
  const nodeOf = new Map(Object.keys(state).map((name, index) => [name, [...variables.keys()][index]!]))
  let graph = new Graph()
  declare(graph, variables)
  const compiled = new Map<string, Compiled>()
  let session: number | undefined
  let loads = 0

  function compile (name: string, specs: readonly InputSpec[]): Compiled {
    const step = functions[name]
    if (step === undefined) throw new EspalierError('invalid-step', `there is no function "${name}"; there are ${Object.keys(functions).join(', ')}`)
    const known = compiled.get(keyOf(name, specs))
    if (known !== undefined) return known
    const from = graph.nodes.length
    const inputs = specs.map(({ shape, dtype }) => tf.zeros([...shape], dtype))
    try {
      const prefix = `f${compiled.size}`
      const recorded = record({ graph, prefix, variables, inputs, run: step })
      assertSteady(graph.nodes.slice(from), name, (other) => record({ graph: other, prefix, variables, inputs, run: step }))
      const result = { ...recorded, names: specs.map((_, index) => ({ name: `${prefix}/x${index}:0` })) }
      compiled.set(keyOf(name, specs), result)
      return result
    } catch (error) {
      // Nothing of a function that failed stays in the graph.
      graph = graph.upTo(from)
      throw error
    } finally {
      tf.dispose(inputs)
    }
  }

  /** Loads the graph as it stands; the state goes along. */
  function load (): void {
    const names = [...variables.keys()]
    const values = session === undefined ? [...variables.values()] : fetch(session, names)
    const folder = mkdtempSync(join(tmpdir(), 'espalier-graph-'))
    let next: number
    try {
      writeFileSync(join(folder, 'saved_model.pb'), encodeSavedModel(graph.nodes))
      next = backend.loadSavedModelMetaGraph(folder, 'serve')
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
    assign(next, names, values)
    if (session !== undefined) {
      tf.dispose(values)
      backend.deleteSavedModel(session)
    }
    session = next
    loads++
  }

  function fetch (from: number, names: readonly string[]): Tensor[] {
    return backend.runSavedModel(from, [], [], names.map((name) => `${name}/copy:0`))
  }

  function assign (to: number, names: readonly string[], values: readonly Tensor[]): void {
    // A few at a time: the first run of each set of values costs milliseconds, and a run holds its values twice.
    for (const [from, end] of groupsBySize(values)) {
      const some = names.slice(from, end)
      tf.dispose(backend.runSavedModel(to, values.slice(from, end), some.map((name) => ({ name: `${name}/value:0` })), some.map((name) => `${name}/set:0`)))
    }
  }

  function loaded (): number {
    if (session === undefined) load()
    return session!
  }

  function nodeNamed (name: string): string {
    const node = nodeOf.get(name)
    if (node === undefined) throw new EspalierError('invalid-step', `there is no state "${name}"`)
    return node
  }

  return {
    run (name, inputs = []) {
      const specs = inputs.map(({ shape, dtype }) => ({ shape, dtype: dtype as InputSpec['dtype'] }))
      const known = compiled.get(keyOf(name, specs))
      const { outputs, done, names } = known ?? compile(name, specs)
      if (known === undefined) load()
      const results = backend.runSavedModel(loaded(), inputs, names, outputs.length === 0 ? [done] : outputs)
      if (outputs.length > 0) return results
      tf.dispose(results)
      return []
    },
    prepare (specs) {
      const before = compiled.size
      for (const [name, inputs] of Object.entries(specs)) compile(name, inputs)
      if (compiled.size > before && session !== undefined) load()
    },
    read: (names) => fetch(loaded(), names.map(nodeNamed)),
    write (values) {
      for (const [name, value] of Object.entries(values)) {
        const expected = variables.get(nodeNamed(name))!
        if (String(value.shape) !== String(expected.shape) || value.dtype !== expected.dtype) {
          throw new EspalierError('shape-mismatch', `the state "${name}" is ${expected.dtype} [${expected.shape.join(', ')}], it is given ${value.dtype} [${value.shape.join(', ')}]`)
        }
      }
      assign(loaded(), Object.keys(values).map(nodeNamed), Object.values(values))
    },
    get loads () { return loads },
    get nodes () { return graph.nodes },
    dispose () {
      if (session !== undefined) backend.deleteSavedModel(session)
      session = undefined
    },
  }
}

/** Neighbours whose values fit in ASSIGN_BYTES together, at least one: [from, to) of each group. */
function groupsBySize (values: readonly Tensor[]): Array<[number, number]> {
  const groups: Array<[number, number]> = []
  let bytes = 0
  for (const [index, { size }] of values.entries()) {
    const own = size * VALUE_BYTES
    if (groups.length > 0 && bytes + own <= ASSIGN_BYTES) groups.at(-1)![1] = index + 1
    else {
      groups.push([index, index + 1])
      bytes = 0
    }
    bytes += own
  }
  return groups
}

/** The variables with what reads and sets each from outside. */
function declare (graph: Graph, variables: ReadonlyMap<string, Variable>): void {
  const backend = nativeBackend()
  for (const [name, variable] of variables) {
    const type = backend.getDTypeInteger(variable.dtype)
    const dtype = attribute.type(type)
    graph.declare({ name, dtype: type, shape: variable.shape })
    graph.add(`${name}/read`, 'ReadVariableOp', [name], { dtype })
    graph.add(`${name}/copy`, 'Identity', [`${name}/read`], { T: dtype })
    graph.add(`${name}/value`, 'Placeholder', [], { dtype, shape: attribute.shape(variable.shape) })
    // A variable would take the fed memory, which is JavaScript's, and give it back on whatever thread sets it next; JavaScript's may only be given back on its own.
    graph.add(`${name}/own`, 'DeepCopy', [`${name}/value`], { T: dtype })
    graph.add(`${name}/assign`, 'AssignVariableOp', [name, `${name}/own`], { dtype })
    graph.add(`${name}/set`, 'Const', [`^${name}/assign`], { dtype: attribute.type(1), value: attribute.tensor(1, [], new Uint8Array(4)) })
  }
}

/** A second recording gives the same graph, unless values were drawn or counted in JavaScript: they would be frozen. Throws `invalid-step`. */
function assertSteady (first: readonly NodeDef[], name: string, again: (graph: Graph) => void): void {
  const other = new Graph()
  again(other)
  const firstOf = new Map(first.map((node) => [node.name, node]))
  for (const node of other.nodes) {
    const before = firstOf.get(node.name)
    // A constant that another function has already is not among the nodes of this one.
    if (before === undefined && node.op === 'Const') continue
    if (before !== undefined && before.op === node.op && (node.op !== 'Const' || same(encodeNode(before), encodeNode(node)))) continue
    const uses = other.nodes.filter(({ inputs }) => inputs.includes(node.name)).map(({ op }) => op)
    const what = node.op === 'Const' ? `a constant that ${uses.join(', ') || 'nothing'} reads` : `the operation ${node.op}`
    throw new EspalierError('invalid-step', `the function "${name}" is not the same each time it runs: ${what} differs. Draw random numbers and count inside the graph`, { op: uses[0] ?? node.op })
  }
}

function same (a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0
}

function keyOf (name: string, specs: readonly InputSpec[]): string {
  return `${name}(${specs.map(({ shape, dtype }) => `${dtype}[${shape.join(',')}]`).join(' ')})`
}
