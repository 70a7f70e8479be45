/** A process of its own that reads the states of jobs at a steady rate, so that the load it measures is not its own. Ids come on its input, one a line. */
import { createInterface } from 'node:readline'
import autocannon, { type Instance } from 'autocannon'

const [url = '', rate = '100', connections = '10'] = process.argv.slice(2)

const ids: string[] = []
const times: number[] = []
let failed = 0

/** A job that is known, each as likely as the next. */
const anyJob = (): string => `/v1/jobs/${ids[Math.floor(Math.random() * ids.length)] ?? 'none'}`

let instance: Instance | undefined

function begin (): void {
  // The rate is kept whatever the answers take: a slow answer does not hide the requests that would have met it.
  instance = autocannon({
    url, connections: Number(connections), overallRate: Number(rate), duration: 24 * 3600,
    requests: [{ method: 'GET', setupRequest: (request) => ({ ...request, path: anyJob() }) }],
  }, () => {})
  instance.on('response', (_client, status, _bytes, time) => {
    times.push(time)
    if (status !== 200) failed++
  })
  instance.on('reqError', () => { failed++ })
}

createInterface({ input: process.stdin }).on('line', (id) => {
  ids.push(id)
  if (instance === undefined) begin()
}).on('close', () => {
  instance?.stop()
  times.sort((a, b) => a - b)
  const at = (share: number): number => times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? 0
  process.stdout.write(`${JSON.stringify({ reads: times.length, failed, p50Ms: at(0.5), p99Ms: at(0.99), maxMs: at(1) })}\n`, () => process.exit())
})
