/** The recipe while it is put together: as it is written, with nothing in it that holds anyway. */
import type { Catalog, MethodEntry } from '../../api/catalog.ts'
import { isRecord } from '../../format/recipe.ts'

export type Draft = Readonly<Record<string, unknown>>

/** Where each kind of target begins; a person changes it. */
const FIRST_TARGETS: Readonly<Record<string, number>> = {
  sparsity: 0.9, threshold: 0.01, channels: 0.5, params: 0.2, macs: 0.5, peakMemory: 0.5, bytes: 500_000, latency: 0.5, latencyMs: 1, maxAccuracyDrop: 0.01, minAccuracy: 0.9,
}

export const FIRST_DRAFT: Draft = { method: 'magnitude', target: { sparsity: 0.9 } }

/** Undefined and what is empty leave the key out. */
export function withKey (draft: Draft, key: string, value: unknown): Draft {
  const { [key]: _old, ...others } = draft
  const empty = value === undefined || (typeof value === 'object' && value !== null && Object.keys(value).length === 0)
  return empty ? others : Object.hasOwn(draft, key) ? { ...draft, [key]: value } : { ...others, [key]: value }
}

export function partOf (draft: Draft, key: string): Readonly<Record<string, unknown>> {
  const part = draft[key]
  return isRecord(part) ? part : {}
}

export function methodOf (draft: Draft, { methods }: Catalog): MethodEntry | undefined {
  return methods.find(({ name }) => name === draft['method'])
}

/** The kind of target that the draft has, such as "sparsity". */
export function targetKindOf (draft: Draft, { targets }: Catalog): string | undefined {
  const target = partOf(draft, 'target')
  return targets.find(({ name }) => Object.hasOwn(target, name))?.name
}

export function firstTarget (kind: string): Record<string, unknown> {
  return { [kind]: FIRST_TARGETS[kind] ?? 0.5 }
}

/** Another method: what it takes of the draft stays, what it does not goes. */
export function withMethod (draft: Draft, method: MethodEntry, catalog: Catalog): Draft {
  const kept = Object.entries(draft).filter(([key]) => key !== 'method' && key !== 'target' && key !== 'options' && method.parameters[key] !== undefined)
  const kind = targetKindOf(draft, catalog)
  const target = method.targets.length === 0 ? {} : { target: kind !== undefined && method.targets.includes(kind) ? draft['target'] : firstTarget(method.targets[0]!) }
  return fitting({ method: method.name, ...target, ...Object.fromEntries(kept) }, method, catalog)
}

/** Without granularity, criterion and scope that do not go with one another. */
export function fitting (draft: Draft, method: MethodEntry, catalog: Catalog): Draft {
  const { granularity, criterion, scope } = draft
  const type = isRecord(granularity) ? granularity['type'] : undefined
  if (type !== undefined && !method.granularities.includes(String(type))) return fitting(withKey(draft, 'granularity', undefined), method, catalog)
  if (criterion !== undefined && !criteriaFor(draft, method, catalog).some(({ name }) => name === criterion)) return fitting(withKey(draft, 'criterion', undefined), method, catalog)
  if (scope !== undefined && !scopesFor(draft, method, catalog).some(({ name }) => name === scope)) return withKey(draft, 'scope', undefined)
  return draft
}

/** What is removed together, by name: as the draft says, or as the method does it. */
export function granularityOf (draft: Draft, { granularities }: MethodEntry, { criteria }: Catalog): string {
  const own = partOf(draft, 'granularity')['type']
  const ranked = criteria.find(({ name }) => name === draft['criterion'])?.granularities
  return typeof own === 'string' ? own : ranked?.[0] ?? granularities[0] ?? 'weight'
}

/** Criteria of the method that rank what the draft removes together; where it says nothing of that, all of them. */
export function criteriaFor (draft: Draft, { criteria = [] }: MethodEntry, catalog: Catalog) {
  const type = partOf(draft, 'granularity')['type']
  return criteria.flatMap((name) => catalog.criteria.filter((entry) => entry.name === name && (type === undefined || (entry.granularities?.includes(String(type)) ?? true))))
}

export function scopesFor (draft: Draft, method: MethodEntry, catalog: Catalog) {
  const granularity = granularityOf(draft, method, catalog)
  return (method.scopes ?? []).flatMap((name) => catalog.scopes.filter((entry) => entry.name === name && (entry.granularities?.includes(granularity) ?? true)))
}

/** Does the draft look at a data set before anything is measured? */
export function looksAtData (draft: Draft, method: MethodEntry, { criteria, scopes, targets }: Catalog): boolean {
  const criterion = criteria.find(({ name }) => name === (draft['criterion'] ?? method.criteria?.[0]))
  const scope = scopes.find(({ name }) => name === draft['scope'])
  const kind = targets.find(({ name }) => Object.hasOwn(partOf(draft, 'target'), name))
  return method.trains || method.name === 'evaluate' || criterion?.needsData === true || scope?.needsData === true || kind?.search === 'accuracy'
}

/** Paths of layers that the draft leaves alone by an entry of their own. */
export function skippedLayers (draft: Draft): ReadonlySet<string> {
  const rules = Array.isArray(draft['layers']) ? draft['layers'] as unknown[] : []
  return new Set(rules.flatMap((rule) => isRecord(rule) && rule['skip'] === true && typeof rule['match'] === 'string' ? [rule['match']] : []))
}

export function withSkipped (draft: Draft, layer: string, skip: boolean): Draft {
  const rules = Array.isArray(draft['layers']) ? draft['layers'] as unknown[] : []
  const others = rules.filter((rule) => !(isRecord(rule) && rule['match'] === layer && rule['skip'] === true))
  return withKey(draft, 'layers', skip ? [...others, { match: layer, skip: true }] : others)
}
