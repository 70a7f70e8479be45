/** Posts messages to addresses that were checked: no redirects, no proxies, no more time and bytes than allowed. */
import http, { type IncomingMessage } from 'node:http'
import https from 'node:https'
import { isIP, type LookupFunction } from 'node:net'
import { EspalierError } from '../../errors.ts'
import type { CheckWebhookUrl, Message, SendAnswer, WebhookSender } from '../../jobs/webhooks/ports.ts'
import { targetOf, type Target, type TargetOptions } from './target.ts'

/** Of a try in all: name, connection, answer. */
const LIMIT_MS = 10_000
/** Of an answer so many bytes are read and kept, as far as they come within that time. */
const RESPONSE_BYTES = 1024
const RESPONSE_MS = 1000

interface Answered { readonly status: number, readonly retryAfterMs: number | null, readonly response: string | null }

/** Checks an address that a webhook is to have. */
export function createUrlCheck (options: TargetOptions, limitMs = LIMIT_MS): CheckWebhookUrl {
  return async (url) => { await targetOf(url, options, AbortSignal.timeout(limitMs)) }
}

export function createSender (options: TargetOptions, limitMs = LIMIT_MS): WebhookSender {
  return {
    async send (url, message, signal): Promise<SendAnswer> {
      const start = performance.now()
      const tooLate = new EspalierError('unavailable', `no answer within ${limitMs / 1000} s`)
      const ended = new EspalierError('unavailable', 'the service ended before an answer came')
      const durationMs = (): number => Math.round(performance.now() - start)
      try {
        const answered = await within(limitMs, tooLate, signal, ended, async (limited) => await post(await targetOf(url, options, limited), message, limited))
        const redirected = answered.status >= 300 && answered.status < 400
        return { ...answered, error: redirected ? 'redirects are not followed' : null, durationMs: durationMs() }
      } catch (thrown) {
        return { status: null, error: reasonOf(thrown), retryAfterMs: null, response: null, durationMs: durationMs() }
      }
    },
  }
}

/** Stops the work after `ms` or when `signal` aborts, and rejects with the error for that. Not every step can be stopped, but none is waited for longer. */
async function within<T> (ms: number, tooLate: Error, signal: AbortSignal, ended: Error, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const stop = new AbortController()
  let end = (): void => {}
  let timer: NodeJS.Timeout | undefined
  try {
    if (signal.aborted) throw ended
    return await new Promise<T>((resolve, reject) => {
      const giveUp = (error: Error) => (): void => {
        reject(error)
        stop.abort()
      }
      end = giveUp(ended)
      timer = setTimeout(giveUp(tooLate), ms)
      signal.addEventListener('abort', end, { once: true })
      work(stop.signal).then(resolve, reject)
    })
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', end)
    stop.abort()
  }
}

/** The connection's own lookup gives the addresses that were checked, whatever the name servers say by now. */
function pinned (addresses: readonly string[]): LookupFunction {
  const found = addresses.map((address) => ({ address, family: isIP(address) }))
  return (_name, { all }, give) => {
    const [first] = found
    if (all === true) give(null, found)
    else if (first !== undefined) give(null, first.address, first.family)
  }
}

async function post ({ url, addresses }: Target, { headers, body }: Message, signal: AbortSignal): Promise<Answered> {
  const { request, Agent } = url.protocol === 'https:' ? https : http
  // An agent of its own: the shared one may keep connections, and take a proxy from the environment.
  const agent = new Agent({ keepAlive: false })
  const bytes = Buffer.from(body)
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    request(url, { method: 'POST', agent, lookup: pinned(addresses), headers: { ...headers, 'content-length': bytes.length }, signal }, resolve).on('error', reject).end(bytes)
  })
  return { status: response.statusCode ?? 0, retryAfterMs: waitOf(response.headers['retry-after']), response: await beginningOf(response) }
}

/** What comes after it, or too late, is not read: the status has said all that counts. */
async function beginningOf (response: IncomingMessage): Promise<string | null> {
  const chunks: Buffer[] = []
  const timer = setTimeout(() => { response.destroy() }, RESPONSE_MS)
  let bytes = 0
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      chunks.push(chunk)
      bytes += chunk.length
      if (bytes >= RESPONSE_BYTES) break
    }
  } catch {
    // Cut short: what came before is kept.
  } finally {
    clearTimeout(timer)
    response.destroy()
  }
  const text = Buffer.concat(chunks).subarray(0, RESPONSE_BYTES).toString()
  return text === '' ? null : text
}

/** The header Retry-After, seconds or a date, as milliseconds from now. */
function waitOf (header: string | undefined): number | null {
  if (header === undefined) return null
  const ms = /^\d{1,9}$/.test(header) ? Number(header) * 1000 : Date.parse(header) - Date.now()
  return Number.isFinite(ms) && ms > 0 ? ms : null
}

function reasonOf (thrown: unknown): string {
  if (thrown instanceof EspalierError) return thrown.message
  const { code, message, errors } = thrown as NodeJS.ErrnoException & { errors?: Error[] }
  // When several addresses were tried, the whole has no message of its own.
  return [code, message || errors?.map((error) => error.message).join('; ')].filter(Boolean).join(': ').slice(0, 500)
}
