/** The figures by which runs are compared, of a model before or after. */
import type { Measurement } from '../../api/types.ts'
import { kindOf, metricText } from '../../format/metrics.ts'
import { bytes, count, figure, milliseconds, percent, short } from '../../format/numbers.ts'

export interface Figure {
  readonly name: string
  readonly of: (model: Measurement) => number | null
  readonly format: (value: number | null) => string
  /** Which of several is the best; absent: none is. */
  readonly better?: 'higher' | 'lower'
}

const SIZES: readonly Figure[] = [
  { name: 'Sparsity', of: ({ sparsity }) => sparsity, format: percent },
  { name: 'Compression', of: ({ compression }) => compression, format: (value) => `${figure(value, 3)} ×`, better: 'higher' },
  { name: 'Parameters', of: ({ weights }) => weights, format: count, better: 'lower' },
  { name: 'Not zero', of: ({ nonzeros }) => nonzeros, format: count, better: 'lower' },
  { name: 'Multiplications', of: ({ macs }) => macs, format: short, better: 'lower' },
  { name: 'without zeros', of: ({ effectiveMacs }) => effectiveMacs, format: short, better: 'lower' },
  { name: 'File', of: ({ bytes: size }) => size, format: bytes, better: 'lower' },
  { name: 'File, gzip', of: ({ gzipBytes }) => gzipBytes, format: bytes, better: 'lower' },
  { name: 'Latency, median', of: ({ latencyMs }) => latencyMs?.p50 ?? null, format: milliseconds, better: 'lower' },
]

/** Metrics that any of the models has, then sizes that any of them has. */
export function figuresOf (models: readonly Measurement[]): Figure[] {
  const names = [...new Set(models.flatMap(({ metrics }) => Object.keys(metrics ?? {})))]
  const metrics = names.map((name): Figure => {
    const better = kindOf(name)?.better
    return { name, of: (model) => model.metrics?.[name] ?? null, format: (value) => metricText(name, value), ...(better !== undefined && { better }) }
  })
  return [...metrics, ...SIZES].filter(({ of }) => models.some((model) => of(model) !== null))
}

/** The places of the best values; none where all are alike. */
export function bestOf (values: ReadonlyArray<number | null>, better: Figure['better']): ReadonlySet<number> {
  const known = values.filter((value) => value !== null)
  if (better === undefined || new Set(known).size < 2) return new Set()
  const best = better === 'higher' ? Math.max(...known) : Math.min(...known)
  return new Set(values.flatMap((value, place) => value === best ? [place] : []))
}
