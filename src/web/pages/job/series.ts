/** Which charts there are, and which series is a line of which. */
import type { Metrics, Point, Receipt } from '../../api/types.ts'
import type { ChartSeries } from '../../components/chart/chart.tsx'
import { SERIES_COLORS } from '../../components/chart/colors.ts'
import { isShare } from '../../format/metrics.ts'
import { figure, percent, short } from '../../format/numbers.ts'

export interface ChartOf {
  readonly title: string
  readonly series: readonly ChartSeries[]
  readonly yFormat: (value: number) => string
  readonly yRange: readonly [number | null, number | null]
}

const FREE = [null, null] as const
const SHARE = (value: number): string => percent(value)
const SPARSITY = /^(asked$|sparsity(\/|$))/
/** Of all layers together. */
const WHOLE = [['sparsity', 'all', false], ['asked', 'asked', true]] as const
const MASKS = ['pruned', 'spliced'] as const

/** `updates`: of the receipt, for runs whose masks changed. */
export function chartsOf (series: Metrics['series'], updates: Receipt['updates']): ChartOf[] {
  const names = Object.keys(series).filter((name) => series[name]!.length > 0)
  const trained = [...new Set(names.filter((name) => !SPARSITY.test(name) && !isOfMasks(name)).map(baseOf))].sort(byImportance)
  return [
    ...trained.map((base) => trainingChart(base, series)),
    ...sparsityChart(names.filter((name) => SPARSITY.test(name)), series),
    ...masksChart(series, updates),
  ]
}

function isOfMasks (name: string): boolean {
  return (MASKS as readonly string[]).includes(name)
}

function baseOf (name: string): string {
  return name.replace(/^val_/, '')
}

function byImportance (a: string, b: string): number {
  const rank = (name: string): number => name === 'accuracy' ? 0 : name === 'loss' ? 1 : 2
  return rank(a) - rank(b) || a.localeCompare(b)
}

function trainingChart (base: string, series: Metrics['series']): ChartOf {
  const lines: ChartSeries[] = []
  if ((series[base]?.length ?? 0) > 0) lines.push({ name: 'training', points: series[base]!, color: 'series-1' })
  const validation = series[`val_${base}`]
  if (validation !== undefined && validation.length > 0) lines.push({ name: 'validation', points: validation, color: 'series-2' })
  return { title: titled(base), series: lines, yFormat: isShare(base) ? SHARE : figure, yRange: FREE }
}

function sparsityChart (names: readonly string[], series: Metrics['series']): ChartOf[] {
  if (names.length === 0) return []
  const layers = names.filter((name) => name.startsWith('sparsity/'))
  const lines = layers.map((name, index): ChartSeries => ({ name: name.slice('sparsity/'.length).replace(/\/kernel$/, ''), points: series[name]!, color: SERIES_COLORS[index % SERIES_COLORS.length]!, dash: index >= SERIES_COLORS.length && layers.length <= 12 }))
  const whole = WHOLE.flatMap(([key, name, dash]): ChartSeries[] => names.includes(key) ? [{ name, points: series[key]!, color: 'series-muted', dash }] : [])
  return [{ title: 'Sparsity by layer', series: [...whole, ...lines], yFormat: SHARE, yRange: [0, 1] }]
}

function masksChart (series: Metrics['series'], updates: Receipt['updates']): ChartOf[] {
  const { pruned, spliced } = updates === undefined
    ? { pruned: series['pruned'] ?? [], spliced: series['spliced'] ?? [] }
    : { pruned: updates.map(({ step, pruned: value }): Point => [step, value, 0]), spliced: updates.map(({ step, spliced: value }): Point => [step, value, 0]) }
  // Without any that came back there is nothing that the sparsity does not show.
  if (!spliced.some(([, value]) => value > 0)) return []
  const back = new Map(spliced.map(([step, value]) => [step, value]))
  const net = pruned.map(([step, value, epoch]): Point => [step, value - (back.get(step) ?? 0), epoch])
  return [{
    title: 'Weights that went and came back',
    series: [{ name: 'pruned', points: pruned, color: 'series-2' }, { name: 'spliced back', points: spliced, color: 'series-3' }, { name: 'net', points: net, color: 'series-1', dash: true }],
    yFormat: short,
    yRange: FREE,
  }]
}

function titled (name: string): string {
  const words = name.replaceAll('_', ' ')
  return `${words[0]?.toUpperCase() ?? ''}${words.slice(1)}`
}
