/** Runs side by side: a column for each, a row for each figure with what it was before, and where their recipes differ. */
import type { ReactNode } from 'react'
import { Link } from 'wouter'
import type { Job } from '../../api/types.ts'
import { StateBadge } from '../../components/state-badge.tsx'
import { bestOf, figuresOf } from './figures.ts'
import { recipeRows } from './difference.ts'

export interface SideBySideProps { readonly jobs: readonly Job[], readonly names: ReadonlyMap<string, string> }

export function FiguresTable ({ jobs, names }: SideBySideProps) {
  const receipts = jobs.map(({ receipt }) => receipt)
  const figures = figuresOf(receipts.flatMap((receipt) => receipt === undefined ? [] : [receipt.before, receipt.after]))
  return (
    <Frame label='Before and after' jobs={jobs} names={names} withState>
      {figures.map(({ name, of, format, better }) => {
        const values = receipts.map((receipt) => receipt === undefined ? null : of(receipt.after))
        const best = bestOf(values, better)
        return (
          <tr key={name}>
            <th scope='row'>{name}</th>
            {receipts.map((receipt, place) => (
              <td key={jobs[place]!.id} className={best.has(place) ? 'is-best' : ''}>
                {receipt === undefined ? '–' : <><span className='after'>{format(values[place]!)}</span>{best.has(place) && <span className='hidden-text'> best</span>} <span className='faint small'>from {format(of(receipt.before))}</span></>}
              </td>
            ))}
          </tr>
        )
      })}
    </Frame>
  )
}

export function RecipesTable ({ jobs, names, all }: SideBySideProps & { readonly all: boolean }) {
  const rows = recipeRows(jobs.map(({ recipe }) => recipe)).filter(({ differs }) => all || differs)
  if (rows.length === 0) return <p className='soft'>The recipes are the same.</p>
  return (
    <Frame label='Recipes' jobs={jobs} names={names}>
      {rows.map(({ path, values, differs }) => (
        <tr key={path}>
          <th scope='row' className='mono'>{path}{differs && all && <span className='hidden-text'> differs</span>}</th>
          {values.map((value, place) => <td key={jobs[place]!.id} className={value !== '' && value !== values[0] ? 'mono differs' : 'mono'}>{value === '' ? <span className='faint'>–</span> : value}</td>)}
        </tr>
      ))}
    </Frame>
  )
}

function Frame ({ label, jobs, names, withState = false, children }: SideBySideProps & { readonly label: string, readonly withState?: boolean, readonly children: ReactNode }) {
  return (
    <div className='compare-scroll' tabIndex={0} role='region' aria-label={label}>
      <table className='compare-table'>
        <thead>
          <tr>
            <td />
            {jobs.map(({ id, state }, place) => (
              <th key={id} scope='col'><span className={`run-mark series-${place + 1}`} aria-hidden='true' /><Link href={`/jobs/${id}`}>{names.get(id)}</Link>{withState && <StateBadge state={state} />}</th>
            ))}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </div>
  )
}
