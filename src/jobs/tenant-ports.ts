/** What the use cases need of tenants, their keys and the record of what they did. No library's types in here. */
import type { Page, PageRequest } from './ports.ts'
import type { OwnQuotas, Quotas, Usage } from './quotas.ts'
import type { OwnRetention, Retention } from './retention.ts'
import type { Scope } from './scopes.ts'

export interface TenantRow { readonly id: string, readonly name: string, readonly createdAt: Date, readonly quotas: OwnQuotas, readonly retention: OwnRetention }

/** A key as stored: what it opens, not what it is. `expiresAt` also ends the grace of one that was rotated. */
export interface KeyRow {
  readonly id: string
  readonly tenantId: string
  readonly name: string
  /** Its last letters. */
  readonly hint: string
  readonly scopes: readonly Scope[]
  readonly createdAt: Date
  readonly expiresAt: Date | null
  readonly lastUsedAt: Date | null
  readonly revokedAt: Date | null
}

export interface NewKey { readonly name: string, readonly scopes: readonly Scope[], readonly expiresAt: Date | null }

/** The only time that a key is told. */
export interface IssuedKey { readonly row: KeyRow, readonly key: string }

/** A key with its hash, and whether it still opens anything by the database's clock. */
export interface KeyOwner extends KeyRow { readonly hash: string, readonly valid: boolean }

/** A browser that acts in the name of a key. */
export interface NewSession {
  /** sha256 of its token, in hex. */
  readonly hash: string
  readonly tenantId: string
  /** Null: no key of the database. */
  readonly keyId: string | null
  /** What it is bound to instead. */
  readonly bound: string | null
}

/** `keyHash`: the hash of its key, null where it has none. */
export interface SessionRow extends NewSession { readonly keyHash: string | null, readonly expiresAt: Date }

/** What a tenant may use and uses. */
export interface Standing { readonly tenant: TenantRow, readonly quotas: Quotas, readonly used: Usage, readonly retention: Retention }

/** One thing that was done, or tried. */
export interface AuditNote {
  readonly tenantId: string
  readonly at: Date
  /** Id of a key, or who else it was. */
  readonly actor: string
  /** Operation id. */
  readonly action: string
  readonly target: string | null
  readonly status: number
  readonly requestId: string
  readonly details: Readonly<Record<string, unknown>> | null
}
export interface AuditRow extends AuditNote { readonly id: string }

export interface AuditQuery extends PageRequest {
  readonly actor?: string
  readonly action?: string
  readonly target?: string
  readonly since?: Date
  readonly until?: Date
}

/** The part of a tenant's rows that says who may act in its name and what they did. */
export interface TenantAccess {
  createKey (key: NewKey): Promise<IssuedKey>
  key (id: string): Promise<KeyRow | null>
  keys (page: PageRequest): Promise<Page<KeyRow>>
  /** A new key of the same name and scopes; the old one ends after `graceSeconds` at the latest. Null when there is none; throws `conflict` when it has ended. */
  rotateKey (id: string, graceSeconds: number, expiresAt: Date | null): Promise<IssuedKey | null>
  /** False when there is none. */
  revokeKey (id: string): Promise<boolean>

  /** @throws `not-found` when the tenant was deleted */
  standing (): Promise<Standing>
  /** @throws `not-found` when the tenant was deleted */
  retention (): Promise<Retention>
  /** Bytes that files which are about to be uploaded may have. @throws `quota-exceeded` when there is no room for any, or for another one of that kind */
  room (kind?: 'models' | 'datasets'): Promise<number>

  /** Newest first. */
  audit (query: AuditQuery): Promise<Page<AuditRow>>
}

/** Browsers in which one key is used at once; more of them would only be forgotten ones. */
export const MOST_SESSIONS = 100

/** All tenants: what lets requests in, and what those who run the service see. */
export interface Tenants {
  keyOwner (by: { readonly hash: string } | { readonly id: string }): Promise<KeyOwner | null>
  /** Notes when it was used, at most once a minute. */
  keyUsed (id: string): Promise<void>
  /** Those of these ids of keys, and hashes of sessions, that open something now. */
  validKeys (ids: readonly string[]): Promise<ReadonlySet<string>>
  /** It lives for `lifeMs`; of one key the oldest beyond MOST_SESSIONS go. */
  createSession (session: NewSession, lifeMs: number): Promise<SessionRow>
  /** Null when there is none, or when it has expired by the database's clock. That its key is still valid is not looked at. */
  session (hash: string): Promise<SessionRow | null>
  /** False when there is none. */
  endSession (hash: string): Promise<boolean>
  /** Was a key ever made? */
  anyKey (): Promise<boolean>
  /** 32 random bytes that all processes share, made when first asked for. */
  secret (name: string): Promise<Uint8Array>

  /** With its first key, of all scopes. @throws `conflict` when the name is taken */
  createTenant (name: string, quotas: OwnQuotas, retention?: OwnRetention): Promise<{ readonly tenant: TenantRow, readonly issued: IssuedKey }>
  tenant (id: string): Promise<TenantRow | null>
  tenants (page: PageRequest): Promise<Page<TenantRow>>
  changeTenant (id: string, changes: { readonly name?: string, readonly quotas?: OwnQuotas, readonly retention?: OwnRetention }): Promise<TenantRow | null>
  /** With `all` also what it has, else only when it has nothing. False when there is none; throws `conflict` for one that may not go. */
  deleteTenant (id: string, all: boolean): Promise<boolean>

  note (entries: readonly AuditNote[]): Promise<void>
}

/** Counts requests of all API processes. Rejects when it cannot, and then nobody is held up. */
export interface RateCounter {
  /** Counts one more under `key` and gives how many there were in this window, which began with the first, and how long it still lasts. */
  hit (key: string, windowMs: number): Promise<{ readonly count: number, readonly leftMs: number }>
  close (): Promise<void>
}
