/** Many clients at once that submit jobs, each on a connection of its own, as fast as they are answered. */
import { randomUUID } from 'node:crypto'
import { Agent, request } from 'node:http'

export interface Submitted {
  /** Ids in the order of the answers. */
  readonly ids: string[]
  /** Milliseconds of each request. */
  readonly times: number[]
  readonly seconds: number
}

/** A request that was cut off is sent again with the same key, as a careful client does. */
const TRIES = 5

/** Submits `count` times the same body; `onId` is told of each job as soon as it is accepted. */
export async function submitMany (url: string, body: object, { count, clients, onId }: { count: number, clients: number, onId: (id: string) => void }): Promise<Submitted> {
  const ids: string[] = []
  const times: number[] = []
  const text = JSON.stringify(body)
  const start = performance.now()
  let left = count
  async function client (): Promise<void> {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    try {
      while (left > 0) {
        left--
        const began = performance.now()
        const id = await submit(new URL('/v1/jobs', url), text, agent)
        times.push(performance.now() - began)
        ids.push(id)
        onId(id)
      }
    } finally {
      agent.destroy()
    }
  }
  await Promise.all(Array.from({ length: clients }, client))
  return { ids, times, seconds: (performance.now() - start) / 1000 }
}

async function submit (url: URL, body: string, agent: Agent): Promise<string> {
  const key = randomUUID()
  for (let tries = 1; ; tries++) {
    try {
      const { status, text } = await post(url, body, key, agent)
      if (status === 202) return (JSON.parse(text) as { id: string }).id
      if (status < 500 || tries === TRIES) throw new Error(`POST /v1/jobs answered ${status}: ${text}`)
    } catch (error) {
      if (tries === TRIES) throw error
    }
  }
}

async function post (url: URL, body: string, key: string, agent: Agent): Promise<{ status: number, text: string }> {
  return await new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body), 'idempotency-key': key }
    const sent = request(url, { method: 'POST', agent, headers }, (answer) => {
      let text = ''
      answer.setEncoding('utf8').on('data', (piece: string) => { text += piece }).on('error', reject)
      answer.on('end', () => { resolve({ status: answer.statusCode ?? 0, text }) })
    })
    sent.on('error', reject).end(body)
  })
}
