/** docs/operations.md tells every metric as it is defined, and no other. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { OF_API, OF_NODE, OF_WORKER, PROCESS_WIDE, type MetricDefinition } from '../../../src/telemetry/metrics/definitions.ts'

const document = readFileSync(new URL('../../../docs/operations.md', import.meta.url), 'utf8')
const definitions: MetricDefinition[] = [PROCESS_WIDE, OF_API, OF_WORKER].flatMap((table) => Object.values<MetricDefinition>(table))

describe('metrics in the documentation', () => {
  test('the tables are the definitions', () => {
    const rows = document.split('\n').filter((line) => line.startsWith('| `espalier_'))
    assert.deepEqual(rows, definitions.map(({ name, type, labels, help }) => `| \`${name}\` | ${type} | ${labels.map((label) => `\`${label}\``).join(', ')} | ${help} |`))
    for (const name of OF_NODE) assert.ok(document.includes(`\`${name}\``), name)
  })

  test('names follow the rules of OpenMetrics', () => {
    assert.equal(new Set(definitions.map(({ name }) => name)).size, definitions.length)
    for (const { name, type, labels, buckets } of definitions) {
      assert.match(name, /^espalier(_[a-z]+)+$/)
      assert.equal(name.endsWith('_total'), type === 'counter', name)
      if (type === 'histogram') assert.ok(name.endsWith('_seconds'), name)
      for (const label of labels) assert.match(label, /^[a-z]+$/)
      if (buckets !== undefined) assert.deepEqual([...buckets], [...buckets].sort((a, b) => a - b))
    }
  })
})
