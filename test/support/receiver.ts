/** A real HTTP server that receives webhooks and answers as a test wants. */
import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

export interface Received { readonly path: string, readonly headers: IncomingHttpHeaders, readonly body: Buffer, readonly at: number }

export interface Receiver {
  readonly url: string
  readonly port: number
  readonly received: Received[]
  /** How many requests are being answered, and how many were at most. */
  readonly busy: { now: number, most: number }
  /** Waits until so many have come; fails after 20 s. */
  untilReceived (count: number): Promise<Received[]>
  close (): Promise<void>
}

/** `answer` may end the response, later or never; one that it leaves open is ended by `close`. */
export async function startReceiver (answer: (response: ServerResponse, request: Received, count: number) => void | Promise<void> = (response) => { response.end() }): Promise<Receiver> {
  const received: Received[] = []
  const busy = { now: 0, most: 0 }
  const server = createServer((request, response) => {
    busy.most = Math.max(busy.most, ++busy.now)
    response.on('close', () => { busy.now-- })
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk)).on('end', () => {
      const one = { path: request.url ?? '', headers: request.headers, body: Buffer.concat(chunks), at: Date.now() }
      received.push(one)
      void answer(response, one, received.length)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    received,
    busy,
    async untilReceived (count) {
      for (const until = Date.now() + 20_000; received.length < count; await sleep(5)) if (Date.now() > until) throw new Error(`${received.length} of ${count} requests came`)
      return received
    },
    async close () {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
