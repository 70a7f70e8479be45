/** The page that compares runs: those that the address names, and a list to choose from. */
import { useCallback, useMemo, useState } from 'react'
import { useQueries } from '@tanstack/react-query'
import { useSearchParams } from 'wouter'
import { useModelNames } from '../api/files.ts'
import { jobQuery } from '../api/jobs.ts'
import { useLiveJobs } from '../api/live-jobs.ts'
import type { Job } from '../api/types.ts'
import { Card } from '../components/card.tsx'
import { SERIES_COLORS } from '../components/chart/colors.ts'
import { Checkbox } from '../components/checkbox.tsx'
import { PageHead } from '../components/page-head.tsx'
import { ProblemNote } from '../components/problem-note.tsx'
import { recipeOf, recipeText } from '../format/recipe.ts'
import { Chooser } from './compare/chooser.tsx'
import { Overlay } from './compare/overlay.tsx'
import { FiguresTable, RecipesTable } from './compare/side-by-side.tsx'
import './compare/compare.css'

/** Each has a colour of its own. */
const MOST = SERIES_COLORS.length

export default function ComparePage () {
  useLiveJobs()
  const [search, setSearch] = useSearchParams()
  const written = search.get('jobs') ?? ''
  const chosen = useMemo(() => [...new Set(written.split(',').filter((id) => id !== ''))].slice(0, MOST), [written])
  const [all, setAll] = useState(false)
  const asked = useQueries({ queries: chosen.map((id) => jobQuery(id)) })
  const jobs = asked.flatMap(({ data }) => data === undefined ? [] : [data])
  const failed = asked.find(({ error }) => error !== null)
  const modelNames = useModelNames()
  const names = useMemo(() => namesOf(jobs), [jobs.map(({ id }) => id).join()])
  const choose = useCallback((ids: readonly string[]) => { setSearch(ids.length === 0 ? {} : { jobs: ids.join(',') }, { replace: true }) }, [setSearch])
  return (
    <>
      <PageHead title='Compare' about={`Runs side by side: what each keeps, and what it costs. ${MOST} at most.`} />
      <div className='stack'>
        {failed !== undefined && <ProblemNote error={failed.error} />}
        {jobs.length > 0 && (
          <>
            <Overlay jobs={jobs} names={names} />
            <Card title='Before and after' note='In green with a tick: the best of each row.'><FiguresTable jobs={jobs} names={names} /></Card>
            {jobs.length > 1 && (
              <Card title='Recipes' actions={<Checkbox isSelected={all} onChange={setAll}>Also what is the same</Checkbox>}><RecipesTable jobs={jobs} names={names} all={all} /></Card>
            )}
          </>
        )}
        <Card title={chosen.length === 0 ? 'Choose runs to compare' : 'Runs'}><Chooser chosen={chosen} most={MOST} models={modelNames} onChoose={choose} /></Card>
      </div>
    </>
  )
}

/** What each run is called: its recipe, with the end of its id where others are called the same. */
function namesOf (jobs: readonly Job[]): Map<string, string> {
  const texts = jobs.map(({ recipe }) => recipeText(recipeOf(recipe)))
  return new Map(jobs.map(({ id }, place) => [id, texts.filter((text) => text === texts[place]).length === 1 ? texts[place]! : `${texts[place]!} (${id.slice(-4)})`]))
}
