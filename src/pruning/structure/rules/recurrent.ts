/** Channels of recurrent layers: a unit is one column in every gate, and a row of the recurrent kernel. */
import type { Json } from '../../../models/json.ts'
import { gatesOf, statesOf, type RecurrentConfig } from '../../../models/layers/recurrent.ts'
import { tileLabels } from '../axis-labels.ts'
import type { AxisLabels, ValueLabels } from '../channels.ts'
import { joinAxes } from '../axis-labels.ts'
import { freezeOthers, withSettings, type Application, type StructureRule } from '../rule.ts'

export const recurrent: StructureRule<RecurrentConfig> = {
  couple: (application) => coupleCells(application, application.c),
  resize: (entry, { weight }) => withCells(entry, (prefix) => weight(`${prefix}recurrent_kernel`)![0]!),
}

/** `within`: begins the roles of the layer's weights in a wrapper. */
export function coupleCells (application: Application<unknown>, { cells, sequences, state }: RecurrentConfig, within = ''): ValueLabels[] {
  const { inputs: [given, ...states], bind, fresh, sets } = application
  freezeOthers({ ...application, inputs: [given!] }, [2], 'its channels are steps of a sequence')
  let channels: AxisLabels = given![2]!
  const last: AxisLabels[] = []
  for (const { kind, units, prefix, resetAfter, ...cell } of cells) {
    const labels = fresh(units, within + prefix)
    const role = (name: string): string => within + prefix + name
    bind(role('kernel'), 0, channels)
    bind(role('kernel'), 1, tileLabels(labels, gatesOf(kind)))
    bind(role('recurrent_kernel'), 0, labels)
    bind(role('recurrent_kernel'), 1, tileLabels(labels, gatesOf(kind)))
    bind(role('bias'), resetAfter ? 1 : 0, tileLabels(labels, gatesOf(kind)))
    for (let count = statesOf({ kind, units, prefix, resetAfter, ...cell }); count > 0; count--) last.push(labels)
    channels = labels
  }
  last.forEach((labels, index) => { if (states[index] !== undefined) joinAxes(sets, labels, states[index][1]!) })
  return [sequences ? [null, null, channels] : [null, channels], ...state ? last.map((labels) => [null, labels]) : []]
}

/** The layer with other numbers of units in its cells, by the prefix of their roles. */
export function withCells (entry: Json, unitsOf: (prefix: string) => number): Json {
  const { cell } = entry.config as { cell?: Json }
  if (cell === undefined) return withSettings(entry, { units: unitsOf('') })
  const { cells } = cell.config as { cells?: readonly Json[] }
  if (cells === undefined) return withSettings(entry, { cell: withSettings(cell, { units: unitsOf('') }) })
  return withSettings(entry, { cell: withSettings(cell, { cells: cells.map((one, index) => withSettings(one, { units: unitsOf(`cell_${index}/`) })) }) })
}
