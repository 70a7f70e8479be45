/** What the key of this browser may do. */
import { useQuery } from '@tanstack/react-query'
import type { Scope } from '../../jobs/scopes.ts'
import { meQuery } from './keys.ts'

/** Nothing, until the server has told. */
export function useScopes (): readonly Scope[] {
  return useQuery(meQuery).data?.scopes ?? NONE
}

const NONE: readonly Scope[] = []
