/** A receiver of OTLP over HTTP: keeps the spans that are sent to it. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { gunzipSync } from 'node:zlib'

export interface ReceivedSpan {
  readonly traceId: string
  readonly spanId: string
  /** Empty of a root. */
  readonly parentSpanId: string
  readonly traceState: string
  readonly name: string
  /** 1 internal, 2 server, 3 client, 4 producer, 5 consumer. */
  readonly kind: number
  /** Milliseconds since 1970. */
  readonly begin: number
  readonly end: number
  readonly failed: boolean
  readonly attributes: Readonly<Record<string, unknown>>
  /** Of the process: service.name and others. */
  readonly resource: Readonly<Record<string, unknown>>
}

export interface Collector {
  /** Where traces are to be sent. */
  readonly url: string
  readonly spans: readonly ReceivedSpan[]
  /** Waits until `found` gives something other than undefined. */
  until<T> (what: string, found: (spans: readonly ReceivedSpan[]) => T | undefined): Promise<T>
  close (): Promise<void>
}

interface Value { readonly stringValue?: string, readonly intValue?: number | string, readonly boolValue?: boolean, readonly doubleValue?: number }
type KeyValues = ReadonlyArray<{ readonly key: string, readonly value: Value }>
interface SentSpan {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly traceState?: string
  readonly name: string
  readonly kind: number
  readonly startTimeUnixNano: string
  readonly endTimeUnixNano: string
  readonly attributes: KeyValues
  readonly status: { readonly code: number }
}

interface Body {
  readonly resourceSpans: ReadonlyArray<{
    readonly resource: { readonly attributes: KeyValues }
    readonly scopeSpans: ReadonlyArray<{ readonly spans: readonly SentSpan[] }>
  }>
}

const LIMIT_MS = 30_000

export async function startCollector (): Promise<Collector> {
  const spans: ReceivedSpan[] = []
  const server = createServer((request, response) => {
    const pieces: Buffer[] = []
    request.on('data', (piece: Buffer) => pieces.push(piece)).on('end', () => {
      const bytes = Buffer.concat(pieces)
      const text = (request.headers['content-encoding'] === 'gzip' ? gunzipSync(bytes) : bytes).toString('utf8')
      spans.push(...spansOf(JSON.parse(text) as Body))
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/traces`,
    spans,
    async until (what, found) {
      for (const limit = Date.now() + LIMIT_MS; Date.now() < limit; await sleep(50)) {
        const result = found(spans)
        if (result !== undefined) return result
      }
      throw new Error(`not within ${LIMIT_MS} ms: ${what}; there are ${spans.map(({ name }) => name).join(', ')}`)
    },
    async close () {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

function spansOf ({ resourceSpans }: Body): ReceivedSpan[] {
  return resourceSpans.flatMap(({ resource, scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans.map((span) => ({
    traceId: span.traceId,
    spanId: span.spanId,
    parentSpanId: span.parentSpanId ?? '',
    traceState: span.traceState ?? '',
    name: span.name,
    kind: span.kind,
    begin: Number(BigInt(span.startTimeUnixNano) / 1000n) / 1000,
    end: Number(BigInt(span.endTimeUnixNano) / 1000n) / 1000,
    failed: span.status.code === 2,
    attributes: recordOf(span.attributes),
    resource: recordOf(resource.attributes),
  }))))
}

function recordOf (attributes: KeyValues): Record<string, unknown> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, value.stringValue ?? value.boolValue ?? value.doubleValue ?? (value.intValue === undefined ? undefined : Number(value.intValue))]))
}
