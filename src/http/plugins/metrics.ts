/** Counts of requests and their time, in the OpenMetrics text form. */
import type { FastifyInstance } from 'fastify'
import type { Queue } from '../../jobs/ports.ts'

interface Series { count: number, seconds: number }

/** Counts every request of the app from now on; `text` gives all metrics. */
export function countRequests (app: FastifyInstance): { text (queue: Queue): Promise<string> } {
  const series = new Map<string, Series>()
  app.addHook('onResponse', async (request, reply) => {
    // The pattern, not the address: one series per route, however many ids there are.
    const labels = `method="${request.method}",route="${request.routeOptions.url ?? 'none'}",status="${reply.statusCode}"`
    const entry = series.get(labels) ?? { count: 0, seconds: 0 }
    entry.count++
    entry.seconds += reply.elapsedTime / 1000
    series.set(labels, entry)
  })
  return {
    async text (queue) {
      const counts = await queue.counts()
      return [
        '# TYPE espalier_http_requests counter',
        ...[...series].map(([labels, { count }]) => `espalier_http_requests_total{${labels}} ${count}`),
        '# TYPE espalier_http_request_seconds counter',
        ...[...series].map(([labels, { seconds }]) => `espalier_http_request_seconds_total{${labels}} ${seconds.toFixed(6)}`),
        '# TYPE espalier_queue_jobs gauge',
        `espalier_queue_jobs{state="waiting"} ${counts.waiting}`,
        `espalier_queue_jobs{state="active"} ${counts.active}`,
        '# TYPE espalier_process_resident_memory_bytes gauge',
        `espalier_process_resident_memory_bytes ${process.memoryUsage.rss()}`,
        '# EOF',
        '',
      ].join('\n')
    },
  }
}
