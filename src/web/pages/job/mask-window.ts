/** Windows of a mask: the whole, nearer, farther, aside; and what lies at a place in one. */
import type { Mask, MaskWindow, WeightTensor } from '../../api/weights.ts'

type Matrix = Pick<WeightTensor, 'rows' | 'columns'>

/** Nearer than this one would see single weights as big squares and nothing else. */
const LEAST = 8

export function wholeOf ({ rows, columns }: Matrix): MaskWindow {
  return { row: 0, column: 0, rows, columns }
}

export function isWhole ({ rows, columns }: MaskWindow, matrix: Matrix): boolean {
  return rows >= matrix.rows && columns >= matrix.columns
}

/** Can one go no nearer? */
export function inside ({ rows, columns }: MaskWindow): boolean {
  return rows <= LEAST && columns <= LEAST
}

/** `factor` below 1 goes nearer; `at` stays where it is: down and across, from 0 to 1. */
export function zoomed (window: MaskWindow, matrix: Matrix, factor: number, [down, across]: readonly [number, number] = [0.5, 0.5]): MaskWindow {
  const [row, rows] = side(window.row, window.rows, matrix.rows, factor, down)
  const [column, columns] = side(window.column, window.columns, matrix.columns, factor, across)
  return { row, column, rows, columns }
}

/** By shares of what is seen. */
export function moved (window: MaskWindow, matrix: Matrix, [down, across]: readonly [number, number]): MaskWindow {
  const held = (first: number, length: number, all: number, share: number): number => Math.max(0, Math.min(all - length, first + Math.round(length * share)))
  return { ...window, row: held(window.row, window.rows, matrix.rows, down), column: held(window.column, window.columns, matrix.columns, across) }
}

function side (first: number, length: number, all: number, factor: number, at: number): [first: number, length: number] {
  const next = Math.max(Math.min(LEAST, all), Math.min(all, Math.round(length * factor)))
  return [Math.max(0, Math.min(all - next, Math.round(first + (length - next) * at))), next]
}

/** First row and column of the cell there, and the share of it that is kept. */
export function cellAt ({ row, column, down, across, cellRows, cellColumns, shares }: Mask, [y, x]: readonly [number, number]): { row: number, column: number, share: number } {
  const [at, beside] = [held(y, down), held(x, across)]
  return { row: row + at * cellRows, column: column + beside * cellColumns, share: (shares[at * across + beside] ?? 0) / 255 }
}

function held (share: number, cells: number): number {
  return Math.max(0, Math.min(cells - 1, Math.floor(share * cells)))
}
