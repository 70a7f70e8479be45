/** Einstein summation as transposes and one product of matrices; tfjs' own has no gradient. */
import * as tf from '@tensorflow/tfjs-core'
import type { Tensor } from '@tensorflow/tfjs-core'
import { explicit, type Equation } from '../../models/layers/einsum.ts'
import { matMul2d } from './matmul.ts'
import { stretch } from './tile.ts'

interface Labelled { readonly x: Tensor, readonly labels: readonly string[] }

/** One or two float32 tensors. Axes of size 1 are stretched to the other operand's. */
export function einsum (equation: Equation, inputs: readonly Tensor[]): Tensor {
  const { operands, output } = explicit(equation, inputs.map(({ rank }) => rank))
  // What stands in one operand alone and not in the output is summed first.
  const parts = inputs.map((x, index) => summed({ x, labels: operands[index]! }, (label) => output.includes(label) || operands.some((other, at) => at !== index && other.includes(label))))
  const { x, labels } = parts.length === 1 ? parts[0]! : product(parts[0]!, parts[1]!, output)
  return arranged({ x, labels }, output)
}

function summed ({ x, labels }: Labelled, isKept: (label: string) => boolean): Labelled {
  const axes = [...labels.keys()].filter((axis) => !isKept(labels[axis]!))
  return axes.length === 0 ? { x, labels } : { x: tf.sum(x, axes), labels: labels.filter(isKept) }
}

/** Labels of both operands that the output keeps are batches, the others of both are summed. */
function product (a: Labelled, b: Labelled, output: readonly string[]): Labelled {
  const shared = a.labels.filter((label) => b.labels.includes(label))
  const batch = shared.filter((label) => output.includes(label))
  const inner = shared.filter((label) => !output.includes(label))
  const rows = a.labels.filter((label) => !shared.includes(label))
  const columns = b.labels.filter((label) => !shared.includes(label))
  const sizeIn = (one: Labelled, label: string) => one.x.shape[one.labels.indexOf(label)]!
  const sizes = new Map([...a.labels, ...b.labels].map((label) => [label, Math.max(...[a, b].filter(({ labels }) => labels.includes(label)).map((one) => sizeIn(one, label)))]))
  const of = (labels: readonly string[]) => labels.map((label) => sizes.get(label)!)
  const total = (labels: readonly string[]) => of(labels).reduce((all, size) => all * size, 1)
  const matrix = (one: Labelled, order: readonly string[], shape: number[]) => tf.reshape(stretch(arranged(one, order), of(order)), shape)
  const left = matrix(a, [...batch, ...rows, ...inner], [total(batch), total(rows), total(inner)])
  const right = matrix(b, [...batch, ...inner, ...columns], [total(batch), total(inner), total(columns)])
  const multiplied = batch.length === 0
    ? matMul2d(tf.reshape(left, [total(rows), total(inner)]), tf.reshape(right, [total(inner), total(columns)]))
    : tf.matMul(left, right)
  const labels = [...batch, ...rows, ...columns]
  return { x: tf.reshape(multiplied, of(labels)), labels }
}

function arranged ({ x, labels }: Labelled, order: readonly string[]): Tensor {
  const axes = order.map((label) => labels.indexOf(label))
  return axes.every((axis, at) => axis === at) ? x : tf.transpose(x, axes)
}
