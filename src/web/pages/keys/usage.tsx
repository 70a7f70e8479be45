/** What the tenant may use, and what of it is used. */
import type { QuotaName } from '../../../jobs/quotas.ts'
import type { Me } from '../../api/keys.ts'
import { Bar } from '../../components/bar.tsx'
import { Card } from '../../components/card.tsx'
import { bytes, count } from '../../format/numbers.ts'

const WORDS = { storedBytes: 'Stored files', models: 'Models', datasets: 'Data sets', jobsPerDay: 'Jobs today', unfinishedJobs: 'Jobs that have not ended', runningJobs: 'Running jobs' } as const satisfies Record<QuotaName, string>

export function UsageCard ({ me: { tenant, quotas, used } }: { readonly me: Me }) {
  return (
    <Card title='Usage' note={`Of the tenant ${tenant.name}.`}>
      <div className='usage'>
        {Object.entries(WORDS).map(([name, words]) => <UsageLine key={name} name={name as QuotaName} words={words} used={used[name as QuotaName]} most={quotas[name as QuotaName]} />)}
      </div>
    </Card>
  )
}

function UsageLine ({ name, words, used, most }: { readonly name: QuotaName, readonly words: string, readonly used: number, readonly most: number | null }) {
  const text = name === 'storedBytes' ? bytes : count
  if (most === null) return <div className='bar-text usage-line'><span>{words}</span><span className='number'>{text(used)}, no limit</span></div>
  return <Bar label={words} share={most === 0 ? 1 : used / most} left={words} right={`${text(used)} of ${text(most)}`} />
}
