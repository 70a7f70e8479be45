/** The recipe that is put together: begun with a usual one, or with that of a job. */
import { useEffect, useState, type Dispatch, type SetStateAction } from 'react'
import { useQuery } from '@tanstack/react-query'
import { jobQuery } from '../../api/jobs.ts'
import { isRecord } from '../../format/recipe.ts'
import { FIRST_DRAFT, type Draft } from './draft.ts'

export function useDraft (job: string | null): [Draft, Dispatch<SetStateAction<Draft>>] {
  const [draft, setDraft] = useState<Draft>(FIRST_DRAFT)
  const { data } = useQuery({ ...jobQuery(job ?? ''), enabled: job !== null, staleTime: Infinity })
  useEffect(() => {
    if (isRecord(data?.recipe)) setDraft(data.recipe)
  }, [data?.id])
  return [draft, setDraft]
}
