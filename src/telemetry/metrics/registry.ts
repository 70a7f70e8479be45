/** Metrics made from their definitions, and the text that a monitoring system fetches. */
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry, type OpenMetricsContentType } from 'prom-client'
import { VERSION } from '../../version.ts'
import type { TraceContext } from '../../jobs/tracing.ts'
import { OF_NODE, PROCESS_WIDE, type MetricDefinition } from './definitions.ts'
import { exemplarOf } from './exemplar.ts'
import { canonical, prometheusText } from './text.ts'

type Label<D extends MetricDefinition> = D['labels'][number]
type MetricOf<D extends MetricDefinition> =
  D['type'] extends 'counter' ? Counter<Label<D>> : D['type'] extends 'gauge' ? Gauge<Label<D>> : Durations<Label<D>>

/** A histogram. An observation within a trace that is kept becomes its bucket's exemplar. */
export interface Durations<L extends string> { observe (labels: Readonly<Record<L, string>>, seconds: number, context?: TraceContext | null): void }

type Definitions = Readonly<Record<string, MetricDefinition>>
type MetricsOf<T extends Definitions> = { readonly [K in keyof T]: MetricOf<T[K]> }

/** The text with its media type, in the form that an Accept header asks for. */
export interface MetricsText { readonly type: string, readonly text: string }

export interface Metrics<T extends Definitions> {
  readonly of: MetricsOf<T & typeof PROCESS_WIDE>
  /** OpenMetrics where `accept` names it, else the older text of Prometheus, which every system reads. */
  text (accept: string | undefined): Promise<MetricsText>
}

/** The metrics of one process: those given, those of every process, and what Node.js tells of it. */
export function createMetrics<const T extends Definitions> (definitions: T, role: 'api' | 'worker'): Metrics<T> {
  const registry = new Registry<OpenMetricsContentType>()
  registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE)
  const all: Definitions = { ...PROCESS_WIDE, ...definitions }
  const made = Object.fromEntries(Object.entries(all).map(([key, definition]) => [key, make(definition, registry)]))
  const of = made as unknown as MetricsOf<T & typeof PROCESS_WIDE>
  collectDefaultMetrics({ register: registry as unknown as Registry })
  const known = new Set<string>([...OF_NODE, ...Object.values(all).map(({ name }) => name)])
  for (const { name } of registry.getMetricsAsArray()) if (!known.has(name)) registry.removeSingleMetric(name)
  ;(made['buildInfo'] as Gauge<'version' | 'role'>).set({ version: VERSION, role }, 1)
  return {
    of,
    async text (accept) {
      const text = canonical(await registry.metrics())
      return asksForOpenMetrics(accept)
        ? { type: Registry.OPENMETRICS_CONTENT_TYPE, text }
        : { type: Registry.PROMETHEUS_CONTENT_TYPE, text: prometheusText(text) }
    },
  }
}

function make ({ name, type, labels, help, buckets }: MetricDefinition, registry: Registry<OpenMetricsContentType>): Counter | Gauge | Durations<string> {
  const settings = { name, help, labelNames: [...labels], registers: [registry] }
  switch (type) {
    case 'counter': return new Counter(settings)
    case 'gauge': return new Gauge(settings)
    case 'histogram': return durations(new Histogram({ ...settings, enableExemplars: true, ...(buckets && { buckets: [...buckets] }) }))
  }
}

function durations (histogram: Histogram): Durations<string> {
  return {
    observe (labels, seconds, context) {
      const exemplarLabels = exemplarOf(context)
      histogram.observe({ labels, value: seconds, ...(exemplarLabels && { exemplarLabels: { ...exemplarLabels } }) })
    },
  }
}

/** One media type named with a weight above 0 is enough: whoever names it can read it. */
function asksForOpenMetrics (accept: string | undefined): boolean {
  return (accept ?? '').slice(0, 1000).split(',').some((one) => /^\s*application\/openmetrics-text\s*(;|$)/i.test(one) && !/;\s*q=0(\.0*)?\s*(;|$)/i.test(one))
}
