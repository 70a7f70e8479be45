/** Exemplars of histograms: the trace that an observation belongs to (OpenMetrics 1.0, section "Exemplars"). */
import type { TraceContext } from '../../jobs/tracing.ts'

/** Labels of an exemplar. */
export interface Exemplar { readonly trace_id: string, readonly span_id: string }

const SAMPLED = 1
const CONTEXT = /^[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})/

/** Undefined where nothing is traced, or the trace is not kept: there would be nothing to find. */
export function exemplarOf (context: TraceContext | null | undefined): Exemplar | undefined {
  const [, traceId, spanId, flags] = CONTEXT.exec(context ?? '') ?? []
  if (traceId === undefined || spanId === undefined || (Number.parseInt(flags ?? '', 16) & SAMPLED) === 0) return undefined
  return { trace_id: traceId, span_id: spanId }
}
