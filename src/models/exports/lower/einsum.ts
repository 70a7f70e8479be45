/** Lowers Einstein summation to transposes and one product of matrices. */
import { explicit, type Equation } from '../../layers/einsum.ts'
import type { EinsumDenseConfig } from '../../layers/einsum-dense.ts'
import { broadcast } from '../../layers/shapes.ts'
import type { SymbolicShape } from '../../tensor.ts'
import { unknownSize, type GraphBuilder } from '../builder.ts'
import type { Value } from '../graph.ts'
import { activate } from './activations.ts'
import { unary, weightOf, type Lowering } from './lowering.ts'

interface Labelled { readonly x: Value, readonly labels: readonly string[] }

export const einsumDense: Lowering<EinsumDenseConfig> = unary((g, c, x, weights) => {
  const y = einsum(g, c.equation, [x, weightOf(weights, 'kernel')])
  return activate(g, c.activation, c.biasLabels === null ? y : g.add(y, weightOf(weights, 'bias')))
})

/** One or two operands. Axes of size 1 are stretched to the other operand's. */
export function einsum (g: GraphBuilder, equation: Equation, inputs: readonly Value[]): Value {
  const { operands, output } = explicit(equation, inputs.map(({ shape }) => shape.length))
  // What stands in one operand alone and not in the output is summed first.
  const parts = inputs.map((x, index) => summed(g, { x, labels: operands[index]! }, (label) => output.includes(label) || operands.some((other, at) => at !== index && other.includes(label))))
  return arranged(g, parts.length === 1 ? parts[0]! : product(g, parts[0]!, parts[1]!, output), output)
}

function summed (g: GraphBuilder, { x, labels }: Labelled, isKept: (label: string) => boolean): Labelled {
  const axes = [...labels.keys()].filter((axis) => !isKept(labels[axis]!))
  return axes.length === 0 ? { x, labels } : { x: g.reduce('sum', x, axes), labels: labels.filter(isKept) }
}

/** Labels of both operands that the output keeps are batches, the others of both are summed. */
function product (g: GraphBuilder, a: Labelled, b: Labelled, output: readonly string[]): Labelled {
  const shared = a.labels.filter((label) => b.labels.includes(label))
  const batch = shared.filter((label) => output.includes(label))
  const inner = shared.filter((label) => !output.includes(label))
  const rows = a.labels.filter((label) => !shared.includes(label))
  const columns = b.labels.filter((label) => !shared.includes(label))
  const of = (one: Labelled, labels: readonly string[]): SymbolicShape => labels.map((label) => one.x.shape[one.labels.indexOf(label)]!)
  // The product broadcasts batches that it finds as axes; one operand's alone may be a single axis.
  const [left, right] = [arranged(g, stretched(g, a, b, inner), [...batch, ...rows, ...inner]), arranged(g, stretched(g, b, a, inner), [...batch, ...inner, ...columns])]
  const sizes = (one: Labelled, labels: readonly string[], x: Value, at: number) => ({ list: of(one, labels), total: total(g, x.shape.slice(at, at + labels.length)) })
  const [m, k, n] = [sizes(a, rows, left, batch.length), total(g, left.shape.slice(batch.length + rows.length)), sizes(b, columns, right, batch.length + inner.length)]
  const matrices = [g.reshape(left, [...left.shape.slice(0, batch.length), m.total, k]), g.reshape(right, [...right.shape.slice(0, batch.length), k, n.total])] as const
  const multiplied = batch.length === 0 && matrices[1].numbers !== undefined ? g.dense(...matrices) : g.matmul(...matrices)
  const wide = broadcast(left.shape.slice(0, batch.length), right.shape.slice(0, batch.length))
  return { x: g.reshape(multiplied, [...wide, ...m.list, ...n.list]), labels: [...batch, ...rows, ...columns] }
}

/** An inner axis of size 1 as often as the other operand has it. */
function stretched (g: GraphBuilder, one: Labelled, other: Labelled, inner: readonly string[]): Labelled {
  const times = one.labels.map((label, axis) => inner.includes(label) && one.x.shape[axis] === 1 ? other.x.shape[other.labels.indexOf(label)]! : 1)
  return { x: g.tile(one.x, times), labels: one.labels }
}

/** Null where one of the sizes is not known. */
function total (g: GraphBuilder, shape: SymbolicShape): number | null {
  if (shape.filter((size) => size === null).length > 1) throw unknownSize(g.layer)
  return shape.reduce<number | null>((all, size) => all === null || size === null ? null : all * size, 1)
}

function arranged (g: GraphBuilder, { x, labels }: Labelled, order: readonly string[]): Value {
  return g.transpose(x, order.map((label) => labels.indexOf(label)))
}
