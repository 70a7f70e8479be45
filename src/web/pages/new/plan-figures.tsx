/** The figures of a plan: before and after, what it rests on, and what speaks against it. */
import type { Plan } from '../../api/types.ts'
import { bytes, count, figure, percent, short } from '../../format/numbers.ts'

type Size = Plan['before']

const ROWS: ReadonlyArray<{ readonly name: string, readonly of: (size: Size) => number | null, readonly format: (value: number | null) => string }> = [
  { name: 'Sparsity', of: ({ sparsity }) => sparsity, format: percent },
  { name: 'Parameters', of: ({ weights }) => weights, format: short },
  { name: 'Not zero', of: ({ nonzeros }) => nonzeros, format: short },
  { name: 'Multiplications', of: ({ effectiveMacs, macs }) => effectiveMacs ?? macs, format: short },
  { name: 'File', of: ({ bytes: size }) => size, format: bytes },
  { name: 'File, gzip', of: ({ gzipBytes }) => gzipBytes, format: bytes },
  { name: 'Sparse encoding', of: ({ sparseBytes }) => sparseBytes, format: bytes },
]

export function PlanFigures ({ plan: { before, after, feasible, refusals, exact, inexact, warnings, structure, search }, of }: { readonly plan: Plan, readonly of: string | undefined }) {
  return (
    <>
      {!feasible && <div className='callout bad'><h3>It would fail</h3><ul>{refusals.map(({ code, message }) => <li key={message} data-code={code}>{message}</li>)}</ul></div>}
      {after !== null && <p className='plan-lead number'><strong>{figure(after.compression, 3)} ×</strong> <span className='soft'>fewer nonzero parameters{of !== undefined && `, at ${of}`}</span></p>}
      <table className='plan-table number'>
        <caption className='hidden-text'>Before and after</caption>
        <thead><tr><th scope='col'><span className='hidden-text'>Figure</span></th><th scope='col'>before</th><th scope='col'>after</th></tr></thead>
        <tbody>
          {ROWS.filter((row) => row.of(before) !== null || (after !== null && row.of(after) !== null)).map(({ name, of: value, format }) => (
            <tr key={name}><th scope='row'>{name}</th><td className='soft'>{format(value(before))}</td><td>{after === null ? '–' : format(value(after))}</td></tr>
          ))}
        </tbody>
      </table>
      {structure !== undefined && <p className='small soft'>Channels: {count(structure.channels.before)} → {count(structure.channels.after)}, {count(structure.channels.removable)} may go</p>}
      {search !== undefined && <p className='small soft'>The sparsity is looked for: see the receipt for what was tried.</p>}
      <p className='small soft'>{exact ? 'Exact: the run makes these very zeros and bytes.' : `An estimate: ${inexact ?? 'it comes out when the run is done'}.`}</p>
      {warnings.length > 0 && <ul className='plan-warnings small'>{warnings.map((warning) => <li key={warning}>{warning}</li>)}</ul>}
    </>
  )
}
