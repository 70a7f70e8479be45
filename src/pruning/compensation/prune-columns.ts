/** Optimal brain surgery over the columns of a kernel, one after the other: what goes, and how the weights that stay make up for it. */

/** How many columns choose together what goes. Source: Frantar and Alistarh 2023, section 3.4. */
export const BLOCK = 128

export interface ColumnsToPrune {
  /** Column by column [columns, outputs], changed in place. */
  readonly weights: Float64Array
  readonly columns: number
  readonly outputs: number
  /** See inverseFactor. */
  readonly factor: Float64Array
  /** How many of a block's weights become zero; `zeros` of them are zero already. */
  budget (block: { readonly size: number, readonly zeros: number }): number
  /** n:m in place of the budget: of every m columns n are kept for each output. */
  readonly pattern?: { readonly n: number, readonly m: number }
}

/**
 * Weights go by w^2 / U_jj^2, the least first; those that are zero already before all others, and they stay zero. What is lost with column j is made up for by the columns behind it:
 * w_k -= (w_j / U_jj) U_jk. Source: Frantar and Alistarh, SparseGPT, ICML 2023, algorithm 1.
 */
export function pruneColumns (task: ColumnsToPrune): void {
  const { weights, columns, outputs, factor, pattern } = task
  const width = pattern === undefined ? BLOCK : Math.max(1, Math.floor(BLOCK / pattern.m)) * pattern.m
  const zeroBefore = Uint8Array.from(weights, (weight) => weight === 0 ? 1 : 0)
  for (let start = 0; start < columns; start += width) {
    const end = Math.min(columns, start + width)
    const gone = new Uint8Array((end - start) * outputs)
    const errors = new Float64Array((end - start) * outputs)
    if (pattern === undefined) chooseInBlock(task, zeroBefore, start, end, gone)
    for (let column = start; column < end; column++) {
      if (pattern !== undefined && (column - start) % pattern.m === 0) chooseInPattern(task, zeroBefore, column, pattern, gone, start)
      const diagonal = factor[column * columns + column]!
      for (let output = 0; output < outputs; output++) {
        const at = column * outputs + output
        const own = (column - start) * outputs + output
        if (gone[own] === 0) continue
        errors[own] = weights[at]! / diagonal
        weights[at] = 0
      }
      for (let later = column + 1; later < end; later++) passOn(task, errors, column, start, later)
    }
    for (let later = end; later < columns; later++) for (let column = start; column < end; column++) passOn(task, errors, column, start, later)
  }
}

/** What column `later` makes up for of what was lost with `column`. */
function passOn ({ weights, columns, outputs, factor }: ColumnsToPrune, errors: Float64Array, column: number, start: number, later: number): void {
  const share = factor[column * columns + later]!
  if (share === 0) return
  const [target, lost] = [later * outputs, (column - start) * outputs]
  for (let output = 0; output < outputs; output++) weights[target + output]! -= errors[lost + output]! * share
}

function scoreOf ({ weights, columns, factor }: ColumnsToPrune, zeroBefore: Uint8Array, at: number, column: number): number {
  const weight = weights[at]!
  return zeroBefore[at] === 1 ? -1 : (weight / factor[column * columns + column]!) ** 2
}

function chooseInBlock (task: ColumnsToPrune, zeroBefore: Uint8Array, start: number, end: number, gone: Uint8Array): void {
  const { outputs } = task
  const scores = Float64Array.from(gone, (_, own) => scoreOf(task, zeroBefore, start * outputs + own, start + Math.floor(own / outputs)))
  const zeros = scores.reduce((count, score) => count + (score < 0 ? 1 : 0), 0)
  const count = task.budget({ size: scores.length, zeros })
  if (count === 0) return
  const limit = scores.slice().sort()[count - 1]!
  let ties = count - scores.reduce((less, score) => less + (score < limit ? 1 : 0), 0)
  for (const [own, score] of scores.entries()) if (score < limit || (score === limit && ties-- > 0)) gone[own] = 1
}

function chooseInPattern (task: ColumnsToPrune, zeroBefore: Uint8Array, first: number, { n, m }: { readonly n: number, readonly m: number }, gone: Uint8Array, start: number): void {
  const { outputs } = task
  for (let output = 0; output < outputs; output++) {
    const scores = Array.from({ length: m }, (_, at) => scoreOf(task, zeroBefore, (first + at) * outputs + output, first + at))
    const least = [...scores.keys()].sort((a, b) => scores[a]! - scores[b]! || a - b).slice(0, m - n)
    for (const at of least) gone[(first + at - start) * outputs + output] = 1
  }
}
