/** Forward passes of recurrent layers: the inputs of all steps in one product, then step after step. Source: keras.layers.rnn. */
import * as tf from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { statesOf, type CellConfig, type RecurrentConfig } from '../../models/layers/recurrent.ts'
import { biasAdd } from '../ops/bias.ts'
import { matMul2d } from '../ops/matmul.ts'
import { activate } from './activations.ts'
import { dropoutFactors } from './noise.ts'
import { weightOf, type Forward, type ForwardContext, type Weights } from './forward.ts'

/** The outputs of all steps, in the order in which they were computed, and the last states. */
interface Ran { readonly outputs: readonly Tensor[], readonly states: readonly Tensor[] }

export interface SequenceRun {
  /** [batch, steps, features] */
  readonly x: Tensor
  /** bool [batch, steps] */
  readonly mask: Tensor | undefined
  /** Initial states of all cells; none: zeros. */
  readonly states: readonly Tensor[]
}

export const recurrent: Forward<RecurrentConfig> = (c, [x, ...states], weights, context) => runSequence(c, { x: x!, mask: context.masks[0], states }, weights, context)

/** The output, [batch, steps, units] or [batch, units], and the last states when they are asked for. */
export function runSequence (c: RecurrentConfig, { x, mask, states }: SequenceRun, weights: Weights, context: ForwardContext): Tensor[] {
  const steps = x.shape[1]!
  const order = Array.from({ length: steps }, (_, step) => c.backwards ? steps - 1 - step : step)
  const kept = mask === undefined ? undefined : tf.split(tf.cast(mask, 'bool'), steps, 1)
  const masks = order.map((step) => kept?.[step])
  let inputs: readonly Tensor[] = order.map((step) => tf.reshape(tf.slice(x, [0, step, 0], [x.shape[0]!, 1, x.shape[2]!]), [x.shape[0]!, x.shape[2]!]))
  const last: Tensor[] = []
  let given = states
  for (const [index, cell] of c.cells.entries()) {
    const own = given.slice(0, statesOf(cell))
    given = given.slice(statesOf(cell))
    const top = index === c.cells.length - 1
    const ran = runCell(cell, { inputs, masks, states: own, zeroOutput: top && c.zeroOutput }, weights, context)
    inputs = ran.outputs
    last.push(...ran.states)
  }
  // Copies, as a state may be the output itself, and both are freed.
  return [c.sequences ? tf.stack([...inputs], 1) : inputs.at(-1)!, ...c.state ? last.map((one) => tf.clone(one)) : []]
}

interface CellRun {
  /** [batch, features] each */
  readonly inputs: readonly Tensor[]
  /** bool [batch, 1] each */
  readonly masks: ReadonlyArray<Tensor | undefined>
  readonly states: readonly Tensor[]
  readonly zeroOutput: boolean
}

function runCell (cell: CellConfig, { inputs, masks, states: initial, zeroOutput }: CellRun, weights: Weights, context: ForwardContext): Ran {
  const batch = inputs[0]!.shape[0]!
  const [kernel, recurrentKernel] = [weightOf(weights, `${cell.prefix}kernel`), weightOf(weights, `${cell.prefix}recurrent_kernel`)]
  const bias = cell.useBias ? weightOf(weights, `${cell.prefix}bias`) : undefined
  const [inputBias, recurrentBias] = bias !== undefined && cell.resetAfter ? tf.unstack(bias) : [bias, undefined]
  // One draw for all steps, as Keras has it.
  const [onInput, onState] = [dropoutMask(cell.dropout, [batch, kernel.shape[0]!], context), dropoutMask(cell.recurrentDropout, [batch, cell.units], context)]
  const all = tf.concat(onInput === undefined ? [...inputs] : inputs.map((x) => tf.mul(x, onInput)))
  const projected = matMul2d(all, kernel)
  const parts = tf.split(inputBias === undefined ? projected : biasAdd(projected, inputBias), inputs.length)
  const zeros = tf.zeros([batch, cell.units])
  let states: readonly Tensor[] = initial.length > 0 ? initial : Array.from({ length: statesOf(cell) }, () => zeros)
  let before: Tensor = zeros
  const outputs = parts.map((part, step) => {
    const [h, ...rest] = states as [Tensor, ...Tensor[]]
    const next = STEPS[cell.kind](cell, part, [onState === undefined ? h : tf.mul(h, onState), ...rest], { kernel: recurrentKernel, bias: recurrentBias, h })
    const mask = masks[step]
    const hold = (value: Tensor, otherwise: Tensor) => mask === undefined ? value : tf.where(tf.tile(mask, [1, value.shape[1]!]), value, otherwise)
    before = hold(next[0]!, zeroOutput ? zeros : before)
    states = next.map((state, index) => hold(state, states[index]!))
    return before
  })
  return { outputs, states }
}

interface Recurrence {
  readonly kernel: Tensor
  readonly bias: Tensor | undefined
  /** The state before, without dropout. */
  readonly h: Tensor
}

/** New states from the projected input [batch, gates * units] and the states before; the first is the output. */
type CellStep = (cell: CellConfig, x: Tensor, states: readonly Tensor[], recurrence: Recurrence) => Tensor[]

const simple: CellStep = (cell, x, [h], { kernel }) => [activate(cell.activation, tf.add(x, matMul2d(h!, kernel)))]

const lstm: CellStep = (cell, x, [h, c], { kernel }) => {
  const [i, f, g, o] = tf.split(tf.add(x, matMul2d(h!, kernel)), 4, 1)
  const gate = (z: Tensor) => activate(cell.recurrentActivation, z)
  const state = tf.add(tf.mul(gate(f!), c!), tf.mul(gate(i!), activate(cell.activation, g!)))
  return [tf.mul(gate(o!), activate(cell.activation, state)), state]
}

const gru: CellStep = (cell, x, [dropped], { kernel, bias, h }) => {
  const { units, resetAfter } = cell
  const gate = (z: Tensor) => activate(cell.recurrentActivation, z)
  const [xz, xr, xh] = tf.split(x, 3, 1)
  if (resetAfter) {
    const inner = matMul2d(dropped!, kernel)
    const [rz, rr, rh] = tf.split(bias === undefined ? inner : biasAdd(inner, bias), 3, 1)
    const [update, reset] = [gate(tf.add(xz!, rz!)), gate(tf.add(xr!, rr!))]
    return [mixed(update, h, activate(cell.activation, tf.add(xh!, tf.mul(reset, rh!))))]
  }
  const [rz, rr] = tf.split(matMul2d(dropped!, tf.slice(kernel, [0, 0], [units, 2 * units])), 2, 1)
  const [update, reset] = [gate(tf.add(xz!, rz!)), gate(tf.add(xr!, rr!))]
  const candidate = matMul2d(tf.mul(reset, dropped!), tf.slice(kernel, [0, 2 * units], [units, units]))
  return [mixed(update, h, activate(cell.activation, tf.add(xh!, candidate)))]
}

const STEPS: Readonly<Record<CellConfig['kind'], CellStep>> = { simple, lstm, gru }

function mixed (update: Tensor, h: Tensor, candidate: Tensor): Tensor {
  return tf.add(tf.mul(update, h), tf.mul(tf.sub(1, update), candidate))
}

function dropoutMask (rate: number, shape: readonly number[], { training, random }: ForwardContext): Tensor | undefined {
  return training && rate > 0 ? dropoutFactors(rate, shape, random) : undefined
}
