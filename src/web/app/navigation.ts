/** Where the navigation leads: groups at the side of a wide window, the first four at the foot of a narrow one. */
import type { Scope } from '../../jobs/scopes.ts'
import type { IconName } from '../components/icon.tsx'

/** `needs`: whose key has not this scope does not see it. */
export interface Place { readonly href: string, readonly name: string, readonly icon: IconName, readonly needs?: Scope }

export const PLACES: ReadonlyArray<{ readonly title: string, readonly places: readonly Place[] }> = [
  {
    title: 'Pruning',
    places: [
      { href: '/jobs', name: 'Jobs', icon: 'list' },
      { href: '/new', name: 'New run', icon: 'plus' },
      { href: '/compare', name: 'Compare', icon: 'compare' },
      { href: '/sweeps', name: 'Sweeps', icon: 'sweep' },
    ],
  },
  {
    title: 'Files',
    places: [
      { href: '/models', name: 'Models', icon: 'model' },
      { href: '/datasets', name: 'Data sets', icon: 'data' },
    ],
  },
  {
    title: 'Service',
    places: [
      { href: '/fleet', name: 'Workers', icon: 'fleet' },
      { href: '/keys', name: 'API keys', icon: 'key' },
      { href: '/webhooks', name: 'Webhooks', icon: 'hook', needs: 'read' },
      { href: '/audit', name: 'Record of actions', icon: 'book', needs: 'admin' },
    ],
  },
]

const ALL = PLACES.flatMap(({ places }) => places)
export const FOOT = ALL.slice(0, 4)
export const MORE = ALL.slice(4)

export function isShown ({ needs }: Place, scopes: readonly Scope[]): boolean {
  return needs === undefined || scopes.includes(needs)
}

/** Is `href` where we are? The jobs are the first page, and a job is one of them. */
export function isHere (href: string, location: string): boolean {
  return location === href || location.startsWith(`${href}/`) || (href === '/jobs' && location === '/')
}
