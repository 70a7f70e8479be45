/** Metrics of an API and a worker, counted into by hand, in both text forms, for check_metrics.py. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { OF_API, OF_WORKER, PROCESS_WIDE, type MetricDefinition } from '../../src/telemetry/metrics/definitions.ts'
import { createMetrics } from '../../src/telemetry/metrics/registry.ts'

/** What a label must survive. */
const VALUES = ['plain', '/v1/jobs/:id', 'quote " backslash \\ line\nend']

/** Of a trace that is kept: exemplars are of it. */
const CONTEXT = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'

interface AnyMetric { inc? (labels: object, value: number): void, observe? (labels: object, value: number, context: string): void, set? (labels: object, value: number): void }

export async function writeMetrics (folder: string): Promise<void> {
  const roles = { api: OF_API, worker: OF_WORKER } as const
  await writeFile(join(folder, 'defined.json'), JSON.stringify(Object.fromEntries(Object.entries(roles).map(([role, own]) => [role, Object.values({ ...PROCESS_WIDE, ...own })]))))
  for (const [role, own] of Object.entries(roles) as Array<[keyof typeof roles, Readonly<Record<string, MetricDefinition>>]>) {
    const { of, text } = createMetrics(own, role)
    for (const [key, { type, labels }] of Object.entries({ ...PROCESS_WIDE, ...own } as Record<string, MetricDefinition>)) {
      const metric = (of as unknown as Record<string, AnyMetric>)[key]!
      for (const [index, value] of VALUES.entries()) {
        const named = Object.fromEntries(labels.map((label) => [label, value]))
        if (type === 'histogram') for (const seconds of [0.001, 0.5, 7, 1e6]) metric.observe!(named, seconds, CONTEXT)
        else if (type === 'counter') metric.inc!(named, index + 0.25)
        else metric.set!(named, 2 ** 40 + index)
      }
    }
    await writeFile(join(folder, `${role}.openmetrics`), (await text('application/openmetrics-text')).text)
    await writeFile(join(folder, `${role}.prometheus`), (await text(undefined)).text)
  }
}
