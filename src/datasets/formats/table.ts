/** What tables have in common, whatever file they are in: which column is the target, and classes that have names. */
import { EspalierError } from '../../errors.ts'
import { invalid } from './format.ts'

const TARGET_NAMES = new Set(['y', 'label', 'target', 'class'])

/** Each column costs a record, and a model with more inputs than this takes them as an array. */
export const MAX_COLUMNS = 65_536

/** More names than this are not classes but texts. */
const MAX_CLASSES = 65_536
const MAX_NAME = 256

/** Does a column of this name hold the targets? Capital letters and spaces around make no difference. */
export function isTargetName (name: string): boolean {
  return TARGET_NAMES.has(name.trim().toLowerCase())
}

/** Place of the target column: the one that is named so, else the last. Throws `invalid-dataset` when there are several, or nothing beside it. */
export function targetColumn (names: readonly string[]): number {
  if (names.length < 2) throw invalid(`the table has ${names.length === 1 ? `one column, ${quoted(names[0]!)}` : 'no columns'}; it needs features and a target`)
  if (names.length > MAX_COLUMNS) throw new EspalierError('limit-exceeded', `the table has ${names.length} columns, at most ${MAX_COLUMNS} are read`, { limit: MAX_COLUMNS, columns: names.length })
  const targets = names.flatMap((name, column) => isTargetName(name) ? [column] : [])
  if (targets.length > 1) throw invalid(`the columns ${targets.map((column) => quoted(names[column]!)).join(' and ')} are both named as the target; leave one of them out`)
  return targets[0] ?? names.length - 1
}

/** Throws `invalid-dataset` for two columns of the same name. */
export function assertDistinct (names: readonly string[]): void {
  const seen = new Set<string>()
  for (const name of names) {
    if (seen.has(name)) throw invalid(`two columns are named ${quoted(name)}`, { column: name })
    seen.add(name)
  }
}

/** Text of a file in a message: in quotes, and not longer than a message may be. */
export function quoted (text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}...` : text)
}

/** Names of classes as they are met. Their numbers are known when all of them are: in the order of the names. */
export class ClassNames {
  readonly #names = new Set<string>()

  /** `where` is for messages. Throws `limit-exceeded` for too many or too long ones. */
  add (name: string, where: () => string): void {
    if (this.#names.has(name)) return
    if (name.length > MAX_NAME) throw new EspalierError('limit-exceeded', `${where()}: the class name ${quoted(name)} has ${name.length} characters, at most ${MAX_NAME} are read`, { limit: MAX_NAME })
    if (this.#names.size === MAX_CLASSES) throw new EspalierError('limit-exceeded', `${where()}: more than ${MAX_CLASSES} different class names; targets that are no classes must be numbers`, { limit: MAX_CLASSES })
    this.#names.add(name)
  }

  sorted (): string[] {
    return [...this.#names].sort(byCodePoints)
  }
}

/** Places of sorted names, to number classes by. */
export function placesOf (names: readonly string[]): ReadonlyMap<string, number> {
  return new Map(names.map((name, place) => [name, place]))
}

/** The order of Python's `sorted`. */
export function byCodePoints (a: string, b: string): number {
  const [left, right] = [a[Symbol.iterator](), b[Symbol.iterator]()]
  for (;;) {
    const [one, other] = [left.next(), right.next()]
    if (one.done === true || other.done === true) return Number(other.done === true) - Number(one.done === true)
    if (one.value !== other.value) return one.value.codePointAt(0)! - other.value.codePointAt(0)!
  }
}
