/** Einstein summation of one or two tensors: the equation read and checked, and the shapes it gives. */
import type { SymbolicShape } from '../tensor.ts'
import { misfit, shapeText, type Size } from './shapes.ts'

export interface Equation {
  /** Labels of each operand's axes; REST stands for the axes that `...` covers. */
  readonly operands: ReadonlyArray<readonly string[]>
  readonly output: readonly string[]
}

/** The label of `...`. */
export const REST = '...'

/** Undefined when it is no equation of one or two operands, or repeats a label within one. */
export function parseEquation (text: string): Equation | undefined {
  const [left, right, ...others] = text.replaceAll(' ', '').split('->')
  if (left === undefined || others.length > 0) return undefined
  const operands = left.split(',').map(labelsOf)
  if (operands.length > 2 || !operands.every((labels) => labels !== undefined && isDistinct(labels))) return undefined
  const known = operands as string[][]
  const output = right === undefined ? implied(known) : labelsOf(right)
  if (output === undefined || !isDistinct(output) || !output.every((label) => known.some((labels) => labels.includes(label)))) return undefined
  return { operands: known, output }
}

/** Without `->`: the labels that stand once, in alphabetical order. */
function implied (operands: ReadonlyArray<readonly string[]>): string[] {
  const all = operands.flat()
  const single = all.filter((label) => label !== REST && all.filter((other) => other === label).length === 1).sort()
  return all.includes(REST) ? [REST, ...single] : single
}

function labelsOf (text: string): string[] | undefined {
  const labels = text.match(/\.\.\.|[a-zA-Z]/g) ?? []
  return labels.join('') === text ? labels : undefined
}

function isDistinct (labels: readonly string[]): boolean {
  return new Set(labels).size === labels.length
}

/** Labels without `...`: its axes get names of their own, counted from the last so that operands agree. Throws when ranks do not fit. */
export function explicit ({ operands, output }: Equation, ranks: readonly number[]): Equation {
  if (operands.length !== ranks.length) throw misfit(`its equation takes ${operands.length} inputs, it is given ${ranks.length}`)
  const covered = operands.map((labels, index) => {
    const rest = ranks[index]! - labels.filter((label) => label !== REST).length
    if (rest < 0 || (rest > 0 && !labels.includes(REST))) throw misfit(`its equation names ${labels.length} axes of an input that has ${ranks[index]}`)
    return labels.includes(REST) ? rest : 0
  })
  const expand = (labels: readonly string[], count: number) => labels.flatMap((label) => label === REST ? Array.from({ length: count }, (_, axis) => `${REST}${count - axis}`) : [label])
  return { operands: operands.map((labels, index) => expand(labels, covered[index]!)), output: expand(output, Math.max(0, ...covered)) }
}

/** Sizes by label. Throws when two operands differ in one. */
export function labelSizes (equation: Equation, shapes: readonly SymbolicShape[]): Map<string, Size> {
  const sizes = new Map<string, Size>()
  for (const [index, labels] of explicit(equation, shapes.map(({ length }) => length)).operands.entries()) {
    for (const [axis, label] of labels.entries()) {
      const [size, known] = [shapes[index]![axis]!, sizes.get(label)]
      if (known !== undefined && known !== null && size !== null && size !== known && size !== 1 && known !== 1) throw misfit(`its inputs ${shapes.map(shapeText).join(' and ')} do not fit its equation`)
      sizes.set(label, known === undefined || known === null || known === 1 ? size ?? known ?? null : known)
    }
  }
  return sizes
}

export function einsumShape (equation: Equation, shapes: readonly SymbolicShape[]): SymbolicShape {
  const sizes = labelSizes(equation, shapes)
  return explicit(equation, shapes.map(({ length }) => length)).output.map((label) => sizes.get(label)!)
}

/** Multiply-accumulates for one example: every combination of labels; the output's first axis is the batch. */
export function einsumMacs (equation: Equation, shapes: readonly SymbolicShape[]): number {
  const [batch] = explicit(equation, shapes.map(({ length }) => length)).output
  return [...labelSizes(equation, shapes)].reduce((product, [label, size]) => label === batch ? product : product * (size ?? 1), 1)
}
