/** The table of scopes: one line each. */
import { erk } from './erk.ts'
import { global } from './global.ts'
import { lamp } from './lamp.ts'
import { layer } from './layer.ts'
import { output } from './output.ts'
import type { Scope } from './scope.ts'
import { sensitivity } from './sensitivity.ts'

export const SCOPES = { global, layer, output, erk, lamp, sensitivity } as const satisfies Record<string, Scope>

export type ScopeName = keyof typeof SCOPES
export const SCOPE_NAMES = Object.keys(SCOPES) as ScopeName[]
/** Those that go by the scores of a tensor's weights alone. */
export const PLAIN_SCOPES = SCOPE_NAMES.filter((name) => (SCOPES[name] as Scope).scans !== true && (SCOPES[name] as Scope).byOutput !== true)
export { SCANNED, type LayerCurve } from './sensitivity.ts'
export { zerosFor, type Competition, type Competitor, type Scope } from './scope.ts'
