/** Lowers recurrent layers: the inputs of all steps in one product, then step after step. Source: keras.layers.rnn. */
import { gatesOf, statesOf, type CellConfig, type RecurrentConfig } from '../../layers/recurrent.ts'
import { knownShape, type GraphBuilder } from '../builder.ts'
import type { Value } from '../graph.ts'
import { activate } from './activations.ts'
import { weightOf, type Lowering, type Weights } from './lowering.ts'

export interface SequenceRun {
  /** [batch, steps, features] */
  readonly x: Value
  /** bool [batch, steps] */
  readonly mask: Value | undefined
  /** Initial states of all cells; none: zeros. */
  readonly states: readonly Value[]
}

export const recurrent: Lowering<RecurrentConfig> = (g, c, [x, ...states], { weights, masks }) => runSequence(g, c, { x: x!, mask: masks[0], states }, weights)

/** The output, [batch, steps, units] or [batch, units], and the last states when they are asked for. */
export function runSequence (g: GraphBuilder, c: RecurrentConfig, { x, mask, states }: SequenceRun, weights: Weights): Value[] {
  const [steps] = knownShape([x.shape[1]!], g.layer) as [number]
  const order = Array.from({ length: steps }, (_, step) => c.backwards ? steps - 1 - step : step)
  const masks = order.map((step) => mask === undefined ? undefined : g.slice(mask, 1, step, 1))
  let inputs: Sequence = { whole: x, order }
  const last: Value[] = []
  let given = states
  for (const [index, cell] of c.cells.entries()) {
    const own = given.slice(0, statesOf(cell))
    given = given.slice(statesOf(cell))
    const ran = runCell(g, cell, { inputs, masks, states: own, zeroOutput: index === c.cells.length - 1 && c.zeroOutput }, weights)
    inputs = { whole: stacked(g, ran.outputs), order: order.map((_, step) => step), parts: ran.outputs }
    last.push(...ran.states)
  }
  return [c.sequences ? inputs.whole : inputs.parts!.at(-1)!, ...c.state ? last : []]
}

/** Values of all steps; `order` says which step is computed when. */
interface Sequence { readonly whole: Value, readonly order: readonly number[], readonly parts?: readonly Value[] }

interface CellRun {
  readonly inputs: Sequence
  /** bool [batch, 1] each */
  readonly masks: ReadonlyArray<Value | undefined>
  readonly states: readonly Value[]
  readonly zeroOutput: boolean
}

function runCell (g: GraphBuilder, cell: CellConfig, { inputs, masks, states: initial, zeroOutput }: CellRun, weights: Weights): { outputs: Value[], states: readonly Value[] } {
  const [kernel, recurrentKernel] = [weightOf(weights, `${cell.prefix}kernel`), weightOf(weights, `${cell.prefix}recurrent_kernel`)]
  const bias = cell.useBias ? weightOf(weights, `${cell.prefix}bias`) : undefined
  const [inputBias, recurrentBias] = bias !== undefined && cell.resetAfter ? [rowOf(g, bias, 0), rowOf(g, bias, 1)] : [bias, undefined]
  const width = gatesOf(cell.kind) * cell.units
  const projected = g.dense(inputs.whole, kernel, inputBias)
  const batch = inputs.whole.shape[0]!
  const parts = inputs.order.map((step) => g.reshape(g.slice(projected, 1, step, 1), [batch, width]))
  // Zeros in the shape of the batch, which only the data tell.
  const zeros = g.mul(g.slice(parts[0]!, 1, 0, cell.units), 0)
  let states: readonly Value[] = initial.length > 0 ? initial : Array.from({ length: statesOf(cell) }, () => zeros)
  let before = zeros
  const outputs = parts.map((part, step) => {
    const next = STEPS[cell.kind](g, cell, part, states, { kernel: recurrentKernel, bias: recurrentBias })
    const mask = masks[step]
    const hold = (value: Value, otherwise: Value) => mask === undefined ? value : g.select(mask, value, otherwise)
    before = hold(next[0]!, zeroOutput ? zeros : before)
    states = next.map((state, index) => hold(state, states[index]!))
    return before
  })
  return { outputs, states }
}

function stacked (g: GraphBuilder, parts: readonly Value[]): Value {
  return g.concat(parts.map((part) => g.expand(part, 1)), 1)
}

function rowOf (g: GraphBuilder, x: Value, row: number): Value {
  return g.reshape(g.slice(x, 0, row, 1), [x.shape[1]!])
}

interface Recurrence { readonly kernel: Value, readonly bias: Value | undefined }

/** New states from the projected input [batch, gates * units] and the states before; the first is the output. */
type CellStep = (g: GraphBuilder, cell: CellConfig, x: Value, states: readonly Value[], recurrence: Recurrence) => Value[]

const simple: CellStep = (g, cell, x, [h], { kernel }) => [activate(g, cell.activation, g.add(x, g.dense(h!, kernel)))]

const lstm: CellStep = (g, cell, x, [h, c], { kernel }) => {
  const [i, f, z, o] = g.split(g.add(x, g.dense(h!, kernel)), 4) as [Value, Value, Value, Value]
  const gate = (one: Value) => activate(g, cell.recurrentActivation, one)
  const state = g.add(g.mul(gate(f), c!), g.mul(gate(i), activate(g, cell.activation, z)))
  return [g.mul(gate(o), activate(g, cell.activation, state)), state]
}

const gru: CellStep = (g, cell, x, [h], { kernel, bias }) => {
  const gate = (one: Value) => activate(g, cell.recurrentActivation, one)
  const [xz, xr, xh] = g.split(x, 3) as [Value, Value, Value]
  if (cell.resetAfter) {
    const [rz, rr, rh] = g.split(g.dense(h!, kernel, bias), 3) as [Value, Value, Value]
    const [update, reset] = [gate(g.add(xz, rz)), gate(g.add(xr, rr))]
    return [mixed(g, update, h!, activate(g, cell.activation, g.add(xh, g.mul(reset, rh))))]
  }
  const { units } = cell
  const [rz, rr] = g.split(g.dense(h!, g.slice(kernel, 1, 0, 2 * units)), 2) as [Value, Value]
  const [update, reset] = [gate(g.add(xz, rz)), gate(g.add(xr, rr))]
  const candidate = g.dense(g.mul(reset, h!), g.slice(kernel, 1, 2 * units, units))
  return [mixed(g, update, h!, activate(g, cell.activation, g.add(xh, candidate)))]
}

const STEPS: Readonly<Record<CellConfig['kind'], CellStep>> = { simple, lstm, gru }

function mixed (g: GraphBuilder, update: Value, h: Value, candidate: Value): Value {
  return g.add(g.mul(update, h), g.mul(g.sub(1, update), candidate))
}
