/** Tracing by OpenTelemetry: spans collected in the background and sent as OTLP over HTTP. A collector that is away disturbs nothing. */
import { createTraceState, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace, type Context, type Span as LibrarySpan } from '@opentelemetry/api'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { defaultResource, resourceFromAttributes } from '@opentelemetry/resources'
import { BatchSpanProcessor, NodeTracerProvider, type SpanExporter } from '@opentelemetry/sdk-trace-node'
import { NO_TRACING, type Attributes, type Span, type SpanOptions, type TraceContext, type Tracing } from '../jobs/tracing.ts'
import { VERSION } from '../version.ts'

export interface TracingOptions {
  /** Where spans are sent to; absent: nothing is traced. */
  readonly url: string | undefined
  readonly role: 'api' | 'worker'
  /** Name of this process among those of its role. */
  readonly instance: string
  /** Told, once a minute at most, that spans could not be sent. */
  readonly onTrouble: (message: string) => void
}

/** A collector that is slow loses spans rather than holding the process up. */
const SEND_MS = 3000
const SEND_EVERY_MS = 1000
const WAITING_SPANS = 4096
/** Ending a process waits so long for the last spans. */
const CLOSE_MS = 2000
const TROUBLE_EVERY_MS = 60_000
/** What W3C recommends to carry of others' state. */
const MAX_STATE = 512

const KINDS = { internal: SpanKind.INTERNAL, server: SpanKind.SERVER, producer: SpanKind.PRODUCER, consumer: SpanKind.CONSUMER } as const

export function createTracing ({ url, role, instance, onTrouble }: TracingOptions): Tracing {
  if (url === undefined) return NO_TRACING
  const exporter = telling(new OTLPTraceExporter({ url, timeoutMillis: SEND_MS }), onTrouble)
  const provider = new NodeTracerProvider({
    resource: defaultResource().merge(resourceFromAttributes({ 'service.name': `espalier-${role}`, 'service.version': VERSION, 'service.instance.id': instance })),
    spanProcessors: [new BatchSpanProcessor(exporter, { maxQueueSize: WAITING_SPANS, scheduledDelayMillis: SEND_EVERY_MS, exportTimeoutMillis: SEND_MS })],
  })
  const tracer = provider.getTracer('espalier', VERSION)
  const start = (name: string, { parent, kind = 'internal', attributes = {}, begin }: SpanOptions = {}): Span => {
    return spanOf(tracer.startSpan(name, { kind: KINDS[kind], attributes: defined(attributes), ...(begin !== undefined && { startTime: begin }) }, contextOf(parent)), start)
  }
  return {
    start,
    async close () {
      let timer: NodeJS.Timeout | undefined
      await Promise.race([provider.shutdown().catch(() => {}), new Promise<void>((resolve) => { timer = setTimeout(resolve, CLOSE_MS) })])
      clearTimeout(timer)
    },
  }
}

function spanOf (span: LibrarySpan, start: Tracing['start']): Span {
  const { traceId } = span.spanContext()
  const context = textOf(span)
  return {
    context,
    traceId,
    set (attributes) { span.setAttributes(defined(attributes)) },
    child: (name, options) => start(name, { ...options, parent: context }),
    fail (code) {
      span.setAttribute('error.type', code)
      span.setStatus({ code: SpanStatusCode.ERROR })
    },
    end (at) { span.end(at) },
  }
}

function textOf (span: LibrarySpan): TraceContext {
  const { traceId, spanId, traceFlags, traceState } = span.spanContext()
  const state = traceState?.serialize() ?? ''
  return `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}${state === '' ? '' : `;${state}`}`
}

/** Of version 00, or of a later one that begins like it; ids of zeros alone are none. */
const TRACE_PARENT = /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?$/
const VERSION_00 = /^00-.{52}$/

/** A root where the text is none that W3C knows: it came from a client. */
function contextOf (text: TraceContext | null | undefined): Context {
  const [parent = '', ...rest] = (text ?? '').slice(0, MAX_STATE * 2).split(';')
  const found = TRACE_PARENT.exec(parent)
  if (found === null || (parent.startsWith('00') && !VERSION_00.test(parent))) return ROOT_CONTEXT
  const [, traceId, spanId, flags] = found as unknown as [string, string, string, string]
  const state = rest.join(';')
  return trace.setSpanContext(ROOT_CONTEXT, {
    traceId, spanId, traceFlags: Number.parseInt(flags, 16) & 1, isRemote: true, ...(state !== '' && state.length <= MAX_STATE && { traceState: createTraceState(state) }),
  })
}

function defined (attributes: Attributes): Record<string, string | number | boolean> {
  return Object.fromEntries(Object.entries(attributes).filter((entry): entry is [string, string | number | boolean] => entry[1] !== undefined))
}

/** The library keeps its failures to itself. */
function telling (exporter: SpanExporter, onTrouble: (message: string) => void): SpanExporter {
  let told = -Infinity
  return {
    export (spans, done) {
      exporter.export(spans, (result) => {
        if (result.error !== undefined && performance.now() - told >= TROUBLE_EVERY_MS) {
          told = performance.now()
          onTrouble(`traces cannot be sent: ${result.error.message === '' ? result.error.name : result.error.message}`)
        }
        done(result)
      })
    },
    shutdown: async () => { await exporter.shutdown() },
    forceFlush: async () => { await exporter.forceFlush?.() },
  }
}
