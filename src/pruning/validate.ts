/** Checks a JSON value against a schema and tells all that is wrong, each with its path and with what would be right. */
import { nearest } from './nearest.ts'

export interface Problem {
  /** JSON pointer to the value: `/target/sparsity`. */
  readonly path: string
  readonly message: string
}

/** The part of JSON Schema that recipes are written in. */
export interface CheckedSchema {
  readonly type?: string
  readonly const?: unknown
  readonly enum?: readonly unknown[]
  readonly anyOf?: readonly CheckedSchema[]
  readonly properties?: Readonly<Record<string, CheckedSchema>>
  readonly required?: readonly string[]
  /** A schema: of values under names that are not told beforehand. */
  readonly additionalProperties?: CheckedSchema | boolean
  readonly pattern?: string
  readonly items?: CheckedSchema
  readonly minimum?: number
  readonly maximum?: number
  readonly exclusiveMinimum?: number
  readonly exclusiveMaximum?: number
  readonly minLength?: number
  readonly maxLength?: number
  readonly maxItems?: number
  readonly description?: string
}

/** All problems of `value`; none when it fits. Keys that the schema does not name are problems. */
export function problemsOf (schema: CheckedSchema, value: unknown, path = ''): Problem[] {
  const choices = schema.anyOf
  if (choices !== undefined) {
    const variants = variantsOf(choices)
    if (variants !== undefined && typeof value === 'object' && value !== null && !Array.isArray(value)) return problemsOfVariant(variants, value as Record<string, unknown>, path)
    const fitting = choices.filter((choice) => fitsType(choice, value))
    const only = fitting.length === 1 ? fitting[0] : fitting.find((choice) => problemsOf(choice, value, path).length === 0)
    return only !== undefined ? problemsOf(only, value, path) : [{ path, message: mistaken(choices, value) }]
  }
  if (!fitsType(schema, value)) return [{ path, message: mistaken([schema], value) }]
  if (Array.isArray(value)) return problemsOfList(schema, value, path)
  if (typeof value === 'object' && value !== null) return problemsOfObject(schema, value as Record<string, unknown>, path)
  if (typeof value === 'number') return problemsOfNumber(schema, value, path)
  if (typeof value === 'string') {
    if (value.length < (schema.minLength ?? 0)) return [{ path, message: 'must not be empty' }]
    if (value.length > (schema.maxLength ?? Infinity)) return [{ path, message: `must have at most ${schema.maxLength} letters, not ${value.length}` }]
    if (schema.pattern !== undefined && !new RegExp(schema.pattern).test(value)) return [{ path, message: `must be ${describe(schema)}, not ${shown(value)}` }]
  }
  return []
}

function problemsOfObject (schema: CheckedSchema, value: Record<string, unknown>, path: string): Problem[] {
  const properties = schema.properties ?? {}
  const known = Object.keys(properties)
  const missing = (schema.required ?? []).filter((key) => !Object.hasOwn(value, key))
    .map((key) => ({ path: `${path}/${key}`, message: `is needed: ${describe(properties[key]!)}` }))
  const { additionalProperties: other } = schema
  const present = Object.entries(value).flatMap(([key, item]) => {
    if (Object.hasOwn(properties, key)) return problemsOf(properties[key]!, item, `${path}/${key}`)
    const at = `${path}/${escapePointer(key)}`
    return typeof other === 'object' ? problemsOf(other, item, at) : [{ path: at, message: unknownKey(key, known) }]
  })
  return [...missing, ...present]
}

/** Keys whose word tells objects apart. */
const TELLING = ['type', 'stage'] as const

interface Variants { readonly key: string, readonly byWord: ReadonlyMap<string, CheckedSchema> }

/** Objects that the word under a key tells apart, by that word; undefined where the choices are not of that kind. */
function variantsOf (choices: readonly CheckedSchema[]): Variants | undefined {
  const objects = choices.filter((choice) => choice.properties !== undefined)
  const byKey = TELLING.map((key) => ({ key, byWord: new Map(objects.map((choice) => [choice.properties![key]?.const, choice])) }))
  return byKey.find(({ byWord }) => byWord.size > 1 && byWord.size === objects.length && [...byWord.keys()].every((word) => typeof word === 'string')) as Variants | undefined
}

/** Of the one variant that is meant, so that every problem has its own path. */
function problemsOfVariant ({ key, byWord }: Variants, value: Record<string, unknown>, path: string): Problem[] {
  const type = value[key]
  const variant = typeof type === 'string' ? byWord.get(type) : undefined
  if (variant !== undefined) return problemsOfObject(variant, value, path)
  const words = [...byWord.keys()]
  return [{ path: `${path}/${key}`, message: type === undefined ? `is needed: ${words.map((word) => JSON.stringify(word)).join(' or ')}` : mistaken([{ enum: words }], type) }]
}

function problemsOfList (schema: CheckedSchema, value: readonly unknown[], path: string): Problem[] {
  if (value.length > (schema.maxItems ?? Infinity)) {
    return [{ path, message: schema.maxItems === 0 ? `must be empty${about(schema)}` : `must have at most ${schema.maxItems} items, not ${value.length}` }]
  }
  return value.flatMap((item, index) => problemsOf(schema.items ?? {}, item, `${path}/${index}`))
}

function problemsOfNumber (schema: CheckedSchema, value: number, path: string): Problem[] {
  const wrong = (!Number.isFinite(value) && 'a finite number') ||
    (value < (schema.minimum ?? -Infinity) && `at least ${schema.minimum}`) || (value > (schema.maximum ?? Infinity) && `at most ${schema.maximum}`) ||
    (value <= (schema.exclusiveMinimum ?? -Infinity) && `more than ${schema.exclusiveMinimum}`) || (value >= (schema.exclusiveMaximum ?? Infinity) && `less than ${schema.exclusiveMaximum}`)
  return wrong ? [{ path, message: `must be ${wrong}, not ${value}${about(schema)}` }] : []
}

export function isObject (value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A sentence about a key that is not known: the nearest one, else all. */
export function unknownKey (key: string, known: readonly string[]): string {
  const near = nearest(key, known)
  return `unknown key "${key.slice(0, 64)}": ${near !== undefined ? `did you mean "${near}"?` : `known are ${known.join(', ')}`}`
}

function fitsType (schema: CheckedSchema, value: unknown): boolean {
  if (schema.const !== undefined) return value === schema.const
  if (schema.enum !== undefined) return schema.enum.includes(value)
  switch (schema.type) {
    case undefined: return true
    case 'null': return value === null
    case 'array': return Array.isArray(value)
    case 'object': return typeof value === 'object' && value !== null && !Array.isArray(value)
    case 'integer': return Number.isSafeInteger(value)
    default: return typeof value === schema.type
  }
}

/** What was expected instead; for a mistyped word the nearest of the allowed ones. */
function mistaken (choices: readonly CheckedSchema[], value: unknown): string {
  const words = choices.flatMap((choice) => choice.enum ?? [choice.const]).filter((word) => typeof word === 'string')
  const near = typeof value === 'string' ? nearest(value, words) : undefined
  return `must be ${choices.map(describe).join(' or ')}, not ${shown(value)}${near !== undefined ? `: did you mean "${near}"?` : ''}`
}

function describe (schema: CheckedSchema): string {
  if (schema.anyOf !== undefined) return schema.anyOf.map(describe).join(' or ')
  if (schema.const !== undefined) return JSON.stringify(schema.const)
  if (schema.enum !== undefined) return schema.enum.map((word) => JSON.stringify(word)).join(' or ')
  if (schema.type === 'null') return 'null'
  if (schema.type === 'object') return `an object {${Object.keys(schema.properties ?? {}).join(', ')}}`
  const article = schema.type === 'integer' || schema.type === 'array' ? 'an' : 'a'
  return `${article} ${schema.type === 'integer' ? 'integer' : schema.type ?? 'value'}${about(schema)}`
}

function about (schema: CheckedSchema): string {
  return schema.description !== undefined ? ` (${schema.description})` : ''
}

function shown (value: unknown): string {
  if (value === undefined) return 'nothing'
  if (Array.isArray(value)) return 'an array'
  if (typeof value === 'object' && value !== null) return 'an object'
  const text = JSON.stringify(value) ?? String(value)
  return text.length > 64 ? `${text.slice(0, 64)}...` : text
}

function escapePointer (key: string): string {
  return key.slice(0, 64).replaceAll('~', '~0').replaceAll('/', '~1')
}
