/** Dead channels under operations of keras.ops: arithmetic, functions of single values, moves. Of the rest nothing is known. */
import type { ActivationConfig, Limits } from '../../../../models/layers/operations/choosing.ts'
import type { Axis } from '../../../../models/layers/operations/arranging.ts'
import type { OperationConfig, OperationName } from '../../../../models/layers/operations/index.ts'
import { frontAxis } from '../../../../models/layers/shapes.ts'
import { mapped, unknownValue, zerosOf, type ValueConstants } from '../constants.ts'
import { moved, type DeadRule, type Passage } from '../rule.ts'
import { joined, joinedBehind, JOINS, type Part } from './merging.ts'

type Rule = (passage: Passage<OperationConfig>, parts: readonly Part[]) => readonly ValueConstants[]

const function1 = (of: (x: number) => number): Rule => ({ inputs: [given] }) => [given!.map((constants) => mapped(constants, of))]

const arithmetic = (join: (numbers: readonly number[]) => number): Rule => ({ outputLabels: [labels] }, parts) => [joined(parts, labels!, join)]

const activation: Rule = ({ c, inputs: [given], activated }) => [given!.map((constants) => constants && activated((c.settings as ActivationConfig).activation, constants))]

const move: Rule = (passage) => moved.pass(passage)

const ACTIVATIONS = ['Celu', 'Elu', 'HardShrink', 'HardSigmoid', 'HardSilu', 'HardTanh', 'LeakyRelu', 'LogSigmoid', 'LogSoftmax', 'Relu', 'Relu6', 'Selu', 'Sigmoid', 'Silu', 'SoftShrink', 'Softmax', 'Softplus', 'Softsign',
  'SparsePlus', 'SparseSigmoid', 'Squareplus', 'Tanh', 'TanhShrink'] as const satisfies readonly OperationName[]

/** Means and extremes of one number are that number. */
const MOVES = ['Mean', 'Max', 'Min', 'Reshape', 'Transpose', 'Swapaxes', 'Moveaxis', 'ExpandDims', 'Squeeze', 'Split', 'Flip', 'Tile', 'Repeat', 'GetItem'] as const satisfies readonly OperationName[]

const RULES: { readonly [Name in OperationName]?: Rule } = {
  ...Object.fromEntries(ACTIVATIONS.map((name) => [name, activation])),
  ...Object.fromEntries(MOVES.map((name) => [name, move])),
  Add: arithmetic(JOINS.Add),
  Subtract: arithmetic(JOINS.Subtract),
  Multiply: arithmetic(JOINS.Multiply),
  Maximum: arithmetic(JOINS.Maximum),
  Minimum: arithmetic(JOINS.Minimum),
  // Only by what is not 0, as the quotient is then a number.
  Divide: arithmetic(([x, y]) => Number.isFinite(x! / y!) ? x! / y! : NaN),
  Absolute: function1(Math.abs),
  Negative: function1((x) => -x),
  Square: function1((x) => x * x),
  Exp: function1(Math.exp),
  Sqrt: function1(Math.sqrt),
  Copy: function1((x) => x),
  StopGradient: function1((x) => x),
  Clip: ({ c, inputs: [given] }) => [given!.map((constants) => mapped(constants, (x) => Math.min(Math.max(x, (c.settings as Limits).least), (c.settings as Limits).most)))],
  // Exact or by tanh, as its settings have it.
  Gelu: ({ inputs: [given] }) => [given!.map(zerosOf)],
  Concatenate: ({ c, outputLabels: [labels] }, parts) => [joinedBehind(parts, labels!, frontAxis((c.settings as Axis).axis, labels!.length))],
}

export const operation: DeadRule<OperationConfig> = {
  pass (passage) {
    const { c, inputs, inputShapes, outputLabels } = passage
    const rule = RULES[c.operation]
    if (rule === undefined) return outputLabels.map(unknownValue)
    const parts = c.operands.map((one): Part => {
      if ('input' in one) return { known: inputs[one.input]!, shape: inputShapes[one.input]! }
      const { values, shape } = one
      // Numbers for each place of the last axis, or one for all.
      if (values.length === 1) return { known: [], shape: [], number: values[0]! }
      // Aligned at the last axis, behind a batch of one.
      return { shape: [1, ...shape], known: [null, ...shape.map((size, axis) => axis === shape.length - 1 && size === values.length ? Float64Array.from(values) : null)] }
    })
    return rule(passage, parts)
  },
}
