/** Checks requests against their schemas: numbers in addresses are read as numbers, and what is wrong is named with its place. */
import { Compile } from 'typebox/compile'
import { Value } from 'typebox/value'
import type { Static, TSchema } from 'typebox'
import { EspalierError } from '../errors.ts'
import { unknownName } from './unknown-name.ts'
import type { FieldError } from './problems.ts'

/** What the schema compiler says of one fault. */
interface Fault { readonly keyword: string, readonly instancePath: string, readonly params: object, readonly message: string }

const compiled = new WeakMap<TSchema, ReturnType<typeof Compile>>()

/** The value as the schema's type. Throws `invalid-request` naming every place that is wrong; `where` names the whole, e.g. `body`. */
export function validated<T extends TSchema> (schema: T, value: unknown, where: string): Static<T> {
  const check = compiled.get(schema) ?? Compile(schema)
  compiled.set(schema, check)
  if (check.Check(value)) return value as Static<T>
  const errors = fieldErrors(schema, check.Errors(value) as unknown as Fault[])
  const sentences = errors.map(({ path, message }) => path === '' ? message : `${path} ${message}`)
  throw new EspalierError('invalid-request', `${where}: ${sentences.join('; ')}`, { errors })
}

/** The same for values that come as text (query, path, form fields): converted to the schema's types, defaults filled in. */
export function validatedText<T extends TSchema> (schema: T, value: unknown, where: string): Static<T> {
  return validated(schema, Value.Default(schema, Value.Convert(schema, Value.Clone(value))), where)
}

function fieldErrors (schema: TSchema, faults: readonly Fault[]): FieldError[] {
  return faults.flatMap((fault): FieldError[] => {
    const params = fault.params as { additionalProperties?: string[], requiredProperties?: string[], allowedValues?: unknown[] }
    switch (fault.keyword) {
      // `false` schemas and branches of a union repeat what the fault around them says.
      case 'boolean': case 'const': return []
      case 'additionalProperties': {
        const known = Object.keys(schemaAt(schema, fault.instancePath).properties ?? {})
        return (params.additionalProperties ?? []).map((key) => ({ path: `${fault.instancePath}/${key}`, message: unknownName('key', key, known) }))
      }
      case 'required':
        return (params.requiredProperties ?? []).map((key) => ({ path: `${fault.instancePath}/${key}`, message: 'is needed' }))
      case 'enum':
        return [{ path: fault.instancePath, message: `must be one of ${(params.allowedValues ?? []).join(', ')}` }]
      default:
        return [{ path: fault.instancePath, message: fault.message }]
    }
  })
}

interface Described { readonly properties?: Record<string, Described>, readonly items?: Described }

/** The part of a schema that describes the place `pointer` of a value. */
function schemaAt (schema: TSchema, pointer: string): Described {
  let at: Described = schema as Described
  for (const step of pointer.split('/').slice(1)) at = at.properties?.[step] ?? at.items ?? {}
  return at
}
