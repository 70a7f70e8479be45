/** What a key of the API may do: a closed table, from which validation, documentation and the checks of routes derive. */
import { FIRST_TENANT } from './tenants.ts'

export const SCOPES = {
  read: { description: 'read, plan and download: models, data sets, jobs and what they made' },
  write: { description: 'upload, submit, pause, cancel, retry and delete' },
  admin: { description: 'keys and the audit log of the tenant; in the first tenant the other tenants too' },
} as const satisfies Record<string, { description: string }>

export type Scope = keyof typeof SCOPES

export const SCOPE_NAMES = Object.keys(SCOPES) as readonly Scope[]

/** What some routes need instead: a scope of the first tenant, whose keys run the service as a whole. */
export const RANKS = {
  operator: { scope: 'admin', description: 'an admin of the first tenant' },
  observer: { scope: 'read', description: 'a reader of the first tenant' },
} as const satisfies Record<string, { scope: Scope, description: string }>

/** What a route may ask for. */
export type Need = Scope | keyof typeof RANKS

export function isScope (text: string): text is Scope {
  return Object.hasOwn(SCOPES, text)
}

/** Does a key of this tenant with these scopes meet the need? No scope contains another. */
export function meets (need: Need, tenant: string, scopes: readonly Scope[]): boolean {
  if (isScope(need)) return scopes.includes(need)
  return tenant === FIRST_TENANT && scopes.includes(RANKS[need].scope)
}
