/** The figures before and after. */
import type { Measurement, Receipt } from '../../api/types.ts'
import { mainMetric } from '../../format/metrics.ts'
import { bytes, count, figure, milliseconds, percent, short, signed } from '../../format/numbers.ts'

interface Shown { readonly name: string, readonly before: string, readonly after: string, readonly change: string, readonly note?: string }

export function Figures ({ receipt }: { readonly receipt: Receipt }) {
  return (
    <section aria-label='Before and after'>
      <dl className='figures'>
        {shownOf(receipt).map(({ name, before, after, change, note }) => (
          <div key={name} className='figure'>
            <dt>{name}</dt>
            <dd className='figure-value number'>{after}</dd>
            <dd className='small soft number'>{before} before{change === '' ? '' : `, ${change}`}</dd>
            {note !== undefined && <dd className='figure-note faint number'>{note}</dd>}
          </div>
        ))}
      </dl>
      {receipt.notMeasured !== undefined && <p className='small soft'>Not measured: {receipt.notMeasured}.</p>}
    </section>
  )
}

function shownOf (receipt: Receipt): Shown[] {
  const { before, after, structure } = receipt
  const metric = mainMetric(receipt)
  return [
    ...(metric === null ? [] : [quality(receipt, metric)]),
    ...(structure === undefined
      ? [{ name: 'Sparsity', before: percent(before.sparsity), after: percent(after.sparsity, 2), change: '', note: `compression ${figure(after.compression, 3)} ×` }]
      : [{ name: 'Channels', before: count(structure.channels.before), after: count(structure.channels.after), change: '', note: `compression ${figure(after.compression, 3)} ×` }]),
    size('Nonzero weights', before, after, ({ nonzeros }) => nonzeros, short),
    size('File', before, after, (side) => side.bytes, bytes, `${bytes(after.gzipBytes)} after gzip`),
    size('Multiply-accumulates', before, after, ({ macs }) => macs, short, after.effectiveMacs === null ? undefined : `${short(after.effectiveMacs)} without zeros`),
    size('Latency, median', before, after, ({ latencyMs }) => latencyMs?.p50 ?? null, milliseconds, after.latencyMs === null ? undefined : `95th percentile ${milliseconds(after.latencyMs.p95)}`),
  ]
}

function quality ({ evaluation }: Receipt, { name, isShare, before, after }: NonNullable<ReturnType<typeof mainMetric>>): Shown {
  const asText = isShare ? (value: number | null) => percent(value, 2) : figure
  const difference = before === null || after === null ? null : after - before
  const interval = evaluation?.interval95?.after
  return {
    name: `${name[0]!.toUpperCase()}${name.slice(1)}`,
    before: asText(before),
    after: asText(after),
    change: difference === null ? '' : isShare ? `${signed((Math.abs(difference) * 100).toFixed(2), difference)} points` : signed(figure(Math.abs(difference)), difference),
    ...(interval !== undefined && { note: `95 % interval ${percent(interval[0])} to ${percent(interval[1])}` }),
  }
}

function size (name: string, before: Measurement, after: Measurement, of: (side: Measurement) => number | null, asText: (value: number | null) => string, note?: string): Shown {
  const [was, is] = [of(before), of(after)]
  const share = was === null || is === null || was === 0 ? null : is / was
  const change = share === null || Math.abs(share - 1) < 0.0005 ? '' : signed(percent(Math.abs(share - 1)), share - 1)
  return { name, before: asText(was), after: asText(is), change, ...(note !== undefined && { note }) }
}
