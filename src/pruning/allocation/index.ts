/** The table of scopes: one line each. */
import { erk } from './erk.ts'
import { global } from './global.ts'
import { lamp } from './lamp.ts'
import { layer } from './layer.ts'
import type { Scope } from './scope.ts'

export const SCOPES = { global, layer, erk, lamp } as const satisfies Record<string, Scope>

export type ScopeName = keyof typeof SCOPES
export const SCOPE_NAMES = Object.keys(SCOPES) as ScopeName[]
export { zerosFor, type Competition, type Competitor, type Scope } from './scope.ts'
