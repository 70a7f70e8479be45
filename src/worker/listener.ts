/** A worker's small HTTP listener: /healthz and /metrics, nothing else. */
import { createHash, timingSafeEqual } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { EspalierError } from '../errors.ts'
import type { MetricsText } from '../telemetry/metrics/registry.ts'

export interface Listener {
  readonly url: string
  close (): Promise<void>
}

export interface ListenerOptions {
  readonly host: string
  /** 0: any that is free. */
  readonly port: number
  /** When set, /metrics asks for it as the API does. */
  readonly apiKey: string | undefined
  readonly version: string
  readonly metrics: (accept: string | undefined) => Promise<MetricsText>
}

/** A scrape is one small request: whoever takes longer is no monitoring system. */
const REQUEST_MS = 5000

/** @throws `invalid-configuration` when the address is taken or is none of this machine */
export async function listen (options: ListenerOptions): Promise<Listener> {
  const { host, port } = options
  const server = createServer({ requestTimeout: REQUEST_MS, headersTimeout: REQUEST_MS, maxHeaderSize: 8192 }, (request, response) => {
    answer(request, options).catch(() => ({ status: 500, type: 'text/plain; charset=utf-8', text: 'the metrics cannot be told\n' })).then((sent) => { send(request, response, sent) }, () => {})
  })
  server.listen({ host, port })
  try {
    await once(server, 'listening')
  } catch (cause) {
    throw new EspalierError('invalid-configuration', `the worker cannot listen at port ${port} of ${host} (${(cause as NodeJS.ErrnoException).code ?? 'unknown'}); set ESPALIER_WORKER_METRICS_PORT to a free one and ESPALIER_WORKER_METRICS_HOST to an address of this machine`, { host, port }, { cause })
  }
  const { port: taken, family, address } = server.address() as AddressInfo
  return {
    url: `http://${family === 'IPv6' ? `[${address}]` : address}:${taken}`,
    async close () {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}

interface Answer extends MetricsText { readonly status: number, readonly headers?: Readonly<Record<string, string>> }

async function answer ({ method, url = '/', headers }: IncomingMessage, { apiKey, version, metrics }: ListenerOptions): Promise<Answer> {
  const path = url.split('?')[0]
  if (path !== '/healthz' && path !== '/metrics') return { status: 404, type: 'text/plain; charset=utf-8', text: 'there are /healthz and /metrics\n' }
  if (method !== 'GET' && method !== 'HEAD') return { status: 405, type: 'text/plain; charset=utf-8', text: 'GET is taken\n', headers: { allow: 'GET, HEAD' } }
  if (path === '/healthz') return { status: 200, type: 'application/json; charset=utf-8', text: JSON.stringify({ status: 'ok', version }) }
  if (apiKey !== undefined && !isKey(headers, apiKey)) return { status: 401, type: 'text/plain; charset=utf-8', text: 'an API key is needed: send it as "Authorization: Bearer KEY"\n', headers: { 'www-authenticate': 'Bearer realm="espalier"' } }
  return { status: 200, ...await metrics(headers.accept) }
}

function send ({ method }: IncomingMessage, response: ServerResponse, { status, type, text, headers = {} }: Answer): void {
  response.writeHead(status, { ...headers, 'content-type': type, 'content-length': Buffer.byteLength(text), 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' })
  response.end(method === 'HEAD' ? undefined : text)
}

function isKey ({ authorization, 'x-api-key': header }: IncomingMessage['headers'], key: string): boolean {
  const given = /^Bearer +(\S+)\s*$/i.exec(authorization ?? '')?.[1] ?? (typeof header === 'string' ? header : '')
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(given), digest(key))
}
