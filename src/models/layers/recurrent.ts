/** Recurrent layers: SimpleRNN, LSTM, GRU, and RNN around their cells. */
import { isRecord } from '../json.ts'
import type { WeightSpec } from '../architecture/types.ts'
import type { SymbolicShape } from '../tensor.ts'
import { parseActivation, type Activation } from './activations.ts'
import type { KerasConfig, LayerType, Where } from './layer-type.ts'
import { LAYOUTS } from './layouts.ts'
import { ConfigReader } from './reader.ts'
import { knownSize, misfit, onlyInput } from './shapes.ts'
import { kept, kernel } from './weights.ts'

export type CellKind = 'simple' | 'lstm' | 'gru'

export interface CellConfig {
  readonly kind: CellKind
  readonly units: number
  readonly useBias: boolean
  readonly activation: Activation
  readonly recurrentActivation: Activation
  /** Of a GRU: the reset gate is applied after the product with the recurrent kernel. */
  readonly resetAfter: boolean
  readonly dropout: number
  readonly recurrentDropout: number
  /** Begins the roles of its weights: empty, or `cell_1/`. */
  readonly prefix: string
}

export interface RecurrentConfig {
  /** One above the other. */
  readonly cells: readonly CellConfig[]
  /** The outputs of all steps, or of the last. */
  readonly sequences: boolean
  /** The last states are outputs too. */
  readonly state: boolean
  readonly backwards: boolean
  /** Steps that the mask leaves out give zeros; else the output before. */
  readonly zeroOutput: boolean
}

const KINDS: Readonly<Record<string, CellKind>> = { SimpleRNN: 'simple', SimpleRNNCell: 'simple', LSTM: 'lstm', LSTMCell: 'lstm', GRU: 'gru', GRUCell: 'gru' }

/** Products with the kernels for one output: the gates, and what they let through. */
const GATES = { simple: 1, lstm: 4, gru: 3 } as const satisfies Record<CellKind, number>

/** The number of gates, whose columns stand side by side in a kernel. */
export function gatesOf (kind: CellKind): number {
  return GATES[kind]
}

/** h, and with LSTM c too. */
export function statesOf ({ kind }: CellConfig): number {
  return kind === 'lstm' ? 2 : 1
}

export function recurrent (className: 'SimpleRNN' | 'LSTM' | 'GRU'): LayerType<RecurrentConfig> {
  return layerOf([className], (config, where) => [parseCell(KINDS[className]!, config, where, '')])
}

export const rnn: LayerType<RecurrentConfig> = layerOf(['RNN'], (config, where) => {
  const { cell } = config
  const className = isRecord(cell) ? cell.class_name : undefined
  const settings = isRecord(cell) && isRecord(cell.config) ? cell.config : {}
  if (className === 'StackedRNNCells') {
    if (!Array.isArray(settings.cells) || settings.cells.length === 0) throw new ConfigReader(config, where).wrong('cell', 'StackedRNNCells with a list of cells')
    return settings.cells.map((one: unknown, index) => cellOf(one, config, where, `cell_${index}/`))
  }
  return [cellOf(cell, config, where, '')]
})

function cellOf (cell: unknown, config: KerasConfig, where: Where, prefix: string): CellConfig {
  const className = isRecord(cell) && typeof cell.class_name === 'string' ? cell.class_name : ''
  const kind = Object.hasOwn(KINDS, className) ? KINDS[className] : undefined
  if (kind === undefined || !isRecord(cell) || !isRecord(cell.config)) {
    if (className !== '') throw new ConfigReader(config, where).unsupported(`with cells of type ${className.slice(0, 60)}`)
    throw new ConfigReader(config, where).wrong('cell', 'a cell with "class_name" and "config"')
  }
  return parseCell(kind, cell.config, where, prefix)
}

function parseCell (kind: CellKind, config: KerasConfig, where: Where, prefix: string): CellConfig {
  const reader = new ConfigReader(config, where)
  const activation = (key: string, fallback: string) => parseActivation({ activation: config[key] === undefined ? fallback : config[key] ?? 'linear' }, where)
  return {
    kind,
    units: reader.integer('units'),
    useBias: reader.flag('use_bias', true),
    activation: activation('activation', 'tanh'),
    recurrentActivation: activation('recurrent_activation', 'sigmoid'),
    // Keras 2 wrote no such key before it could be true.
    resetAfter: kind === 'gru' && reader.flag('reset_after', where.keras === 3),
    dropout: reader.number('dropout', 0),
    recurrentDropout: reader.number('recurrent_dropout', 0),
    prefix,
  }
}

function layerOf (classNames: readonly string[], cells: (config: KerasConfig, where: Where) => CellConfig[]): LayerType<RecurrentConfig> {
  return {
    classNames,
    operation: false,
    arguments: { tensors: ['initial_state'] },
    parse (config, where) {
      const reader = new ConfigReader(config, where)
      if (reader.flag('stateful', false)) throw reader.unsupported('with stateful: true, which keep their state from batch to batch,')
      if (reader.flag('time_major', false)) throw reader.unsupported('with time_major: true')
      return {
        cells: cells(config, where),
        sequences: reader.flag('return_sequences', false),
        state: reader.flag('return_state', false),
        backwards: reader.flag('go_backwards', false),
        zeroOutput: reader.flag('zero_output_for_mask', false),
      }
    },
    weights: (c, [shape]) => recurrentWeights(c, shape ?? []),
    outputShapes (c, shapes) {
      const states = c.cells.reduce((sum, cell) => sum + statesOf(cell), 0)
      if (shapes.length !== 1 && shapes.length !== 1 + states) throw misfit(`it takes its sequence alone or with ${states} initial states, it is given ${shapes.length} inputs`)
      return recurrentShapes(c, onlyInput(shapes.slice(0, 1), 3))
    },
    macs: (c, [shape]) => recurrentMacs(c, shape ?? []),
  }
}

/** In Keras' order: kernel, recurrent kernel and bias of each cell. */
export function recurrentWeights ({ cells }: RecurrentConfig, shape: SymbolicShape): WeightSpec[] {
  if (shape.length !== 3) throw misfit(`its input must have 3 axes with the batch, it has ${shape.length}`)
  let inputs = knownSize(shape, -1)
  const used = new Map<CellKind, number>()
  return cells.flatMap(({ kind, units, useBias, resetAfter, prefix }, index) => {
    const columns = GATES[kind] * units
    const isLast = index === cells.length - 1
    const count = used.get(kind)
    used.set(kind, (count ?? 0) + 1)
    const store = cells.length === 1 ? 'cell' : `cell/cells/${STORED[kind]}${count === undefined ? '' : `_${count}`}`
    const specs = [
      kernel(`${prefix}kernel`, [inputs, columns], LAYOUTS.Recurrent.kernel(GATES[kind], isLast)),
      kernel(`${prefix}recurrent_kernel`, [units, columns], LAYOUTS.Recurrent.recurrent_kernel(GATES[kind], isLast)),
      // A bias that is added to both products has a row for each, of the same units.
      ...useBias ? [{ ...kept(`${prefix}bias`, resetAfter ? [2, columns] : [columns], 'bias'), axes: LAYOUTS.Recurrent.bias(GATES[kind], resetAfter ? 2 : 1) }] : [],
    ]
    inputs = units
    return specs.map((spec) => ({ ...spec, store }))
  })
}

/** How a `.keras` file names the cells of a stack. */
const STORED = { simple: 'simple_rnn_cell', lstm: 'lstm_cell', gru: 'gru_cell' } as const satisfies Record<CellKind, string>

export function recurrentShapes ({ cells, sequences, state }: RecurrentConfig, [batch, steps]: SymbolicShape): SymbolicShape[] {
  const { units } = cells.at(-1)!
  const output = sequences ? [batch!, steps!, units] : [batch!, units]
  return [output, ...state ? cells.flatMap((cell) => new Array<SymbolicShape>(statesOf(cell)).fill([batch!, cell.units])) : []]
}

export function recurrentMacs ({ cells }: RecurrentConfig, shape: SymbolicShape): number {
  let inputs = shape[2] ?? 1
  return (shape[1] ?? 1) * cells.reduce((sum, { kind, units }) => {
    const macs = (inputs + units) * GATES[kind] * units
    inputs = units
    return sum + macs
  }, 0)
}
