/** How much may be under way at once, so that a slow receiver holds up nobody else. */
import type { DueWebhook } from './ports.ts'

export interface Room { readonly all: number, readonly tenant: number, readonly host: number }

/** Of one process. A receiver that never answers takes its place for the time limit of a try. */
export const ROOM: Room = { all: 64, tenant: 16, host: 4 }

type Place = Pick<DueWebhook, 'tenantId' | 'host'>

function counts (places: readonly Place[], key: keyof Place): Map<string, number> {
  const result = new Map<string, number>()
  for (const place of places) result.set(place[key], (result.get(place[key]) ?? 0) + 1)
  return result
}

/** Where there is no room: hosts and tenants that have all that they may have. */
export function fullOnes (underWay: readonly Place[], room: Room = ROOM): { exceptHosts: string[], exceptTenants: string[] } {
  const full = (key: keyof Place, most: number): string[] => [...counts(underWay, key)].filter(([, count]) => count >= most).map(([name]) => name)
  return { exceptHosts: full('host', room.host), exceptTenants: full('tenantId', room.tenant) }
}

/** The first of `due` that there is room for beside what is under way. */
export function thatFit (due: readonly DueWebhook[], underWay: readonly Place[], room: Room = ROOM): DueWebhook[] {
  const places: Place[] = [...underWay]
  return due.filter((webhook) => {
    const of = (key: keyof Place): number => counts(places, key).get(webhook[key]) ?? 0
    const fits = places.length < room.all && of('tenantId') < room.tenant && of('host') < room.host
    if (fits) places.push(webhook)
    return fits
  })
}
