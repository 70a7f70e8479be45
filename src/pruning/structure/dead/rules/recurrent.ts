/** Dead channels of recurrent layers: units that begin at zero and never leave it, and units that nothing reads. */
import { gatesOf, statesOf, type CellConfig, type RecurrentConfig } from '../../../../models/layers/recurrent.ts'
import type { BidirectionalConfig } from '../../../../models/layers/wrappers.ts'
import { knownAlong, type Constants, type ValueConstants } from '../constants.ts'
import type { DeadRule, Foldable, Passage } from '../rule.ts'
import { columnSums } from '../weights.ts'
import { joined, joinedBehind, JOINS } from './merging.ts'

export const recurrent: DeadRule<RecurrentConfig> = {
  pass (passage) {
    const { output, states } = throughCells(passage, passage.c, '', passage.inputs.length > 1)
    const { outputLabels: [labels, ...others] } = passage
    return [knownAlong(labels!, labels!.length - 1, output), ...others.map((one, index) => knownAlong(one, 1, states[index]!))]
  },
}

/** `started`: from states that are given, not from zeros. */
function throughCells (passage: Passage<unknown>, { cells }: RecurrentConfig, within: string, started: boolean): { readonly output: Constants, readonly states: Constants[] } {
  const { weight, read, foldInto, inputs: [given] } = passage
  let channels = given![2]!
  const states: Constants[] = []
  for (const cell of cells) {
    const role = (name: string): string => `${within}${cell.prefix}${name}`
    // A second row of the bias belongs to the recurrent kernel.
    const foldable: Foldable = weight(role('bias')) === undefined ? 'it has no bias' : foldInto(role('bias'), [null, cell.resetAfter ? 1 : 0])
    read(role('kernel'), 0, channels, foldable)
    const units = started ? new Float64Array(cell.units).fill(NaN) : restingUnits(passage, cell, role, channels)
    read(role('recurrent_kernel'), 0, units, 'it is a state')
    for (let count = statesOf(cell); count > 0; count--) states.push(units)
    channels = units
  }
  return { output: channels, states }
}

/** 0 of units whose candidate is 0 at every step: then so are the states, whatever the gates say. */
function restingUnits ({ weight, activated }: Passage<unknown>, { units, kind, resetAfter, activation }: CellConfig, role: (name: string) => string, channels: Constants): Float64Array {
  const resting = new Float64Array(units).fill(NaN)
  if (activated(activation, new Float64Array(1))[0] !== 0) return resting
  const [recurrentKernel, bias] = [weight(role('recurrent_kernel'))!, weight(role('bias'))]
  const columns = gatesOf(kind) * units
  // Gates stand side by side: i f c o, and z r h.
  const first = kind === 'simple' ? 0 : 2 * units
  const sums = columnSums(weight(role('kernel'))!, new Map([[0, channels]]), [1])
  for (let unit = 0; unit < units; unit++) {
    const column = first + unit
    const biases = bias === undefined ? [0] : resetAfter ? [bias.values[column]!, bias.values[columns + column]!] : [bias.values[column]!]
    if (sums[column]! + biases[0]! === 0 && (biases[1] ?? 0) === 0) resting[unit] = 0
  }
  for (let changed = true; changed;) {
    changed = false
    for (let unit = 0; unit < units; unit++) {
      if (Number.isNaN(resting[unit])) continue
      for (let other = 0; other < units; other++) if (Number.isNaN(resting[other]) && recurrentKernel.values[other * columns + first + unit] !== 0) resting[unit] = NaN
      changed ||= Number.isNaN(resting[unit])
    }
  }
  return resting
}

const MERGES = { sum: JOINS.Add, mul: JOINS.Multiply, ave: JOINS.Average } as const

export const bidirectional: DeadRule<BidirectionalConfig> = {
  pass (passage) {
    const { c, outputLabels, outputShapes, inputs } = passage
    const started = inputs.length > 1
    const [forward, backward] = [throughCells(passage, c.forward, 'forward_layer/', started), throughCells(passage, c.backward, 'backward_layer/', started)]
    const states = [...forward.states, ...backward.states]
    const outputs = c.merge === null ? [forward.output, backward.output] : []
    const [labels] = outputLabels
    const axis = labels!.length - 1
    const parts = [forward, backward].map(({ output }) => ({ known: knownAlong(labels!, axis, output), shape: [...outputShapes[0]!.slice(0, -1), output!.length] }))
    const merged: ValueConstants[] = c.merge === null ? [] : [c.merge === 'concat' ? joinedBehind(parts, labels!, axis) : joined(parts, labels!, MERGES[c.merge])]
    return [...merged, ...outputLabels.slice(merged.length).map((one, index) => knownAlong(one, one.length - 1, [...outputs, ...states][index]!))]
  },
}
