/** Traces: contexts of clients, what is sent and when, and collectors that are away or hang. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import type { AddressInfo } from 'node:net'
import { after, before, describe, test } from 'node:test'
import type { Tracing } from '../../../src/jobs/tracing.ts'
import { createTracing } from '../../../src/telemetry/tracing.ts'
import { startCollector, type Collector, type ReceivedSpan } from '../../support/collector.ts'

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'
const PARENT = `00-${TRACE}-00f067aa0ba902b7-01`

describe('tracing', () => {
  let collector: Collector
  before(async () => { collector = await startCollector() })
  after(async () => { await collector.close() })
  const tracingTo = (url: string | undefined, onTrouble: (message: string) => void = assert.fail): Tracing => createTracing({ url, role: 'api', instance: 'here:1', onTrouble })

  async function sent (work: (tracing: Tracing) => void): Promise<ReceivedSpan[]> {
    const from = collector.spans.length
    const tracing = tracingTo(collector.url)
    work(tracing)
    // Closing sends what there is.
    await tracing.close()
    return collector.spans.slice(from)
  }

  test('without an address nothing is traced', async () => {
    const tracing = tracingTo(undefined)
    const span = tracing.start('one', { parent: PARENT })
    assert.deepEqual([span.context, span.traceId, span.child('two').context], [undefined, undefined, undefined])
    span.fail('internal')
    span.end()
    await tracing.close()
  })

  test('spans go on with the trace of the client, and hand it on', async () => {
    let given: string | undefined
    const [child, root] = await sent((tracing) => {
      const span = tracing.start('outer', { parent: `${PARENT};vendor=1,other=a;b`, kind: 'server', attributes: { 'http.route': '/v1/jobs', left: undefined }, begin: 1_700_000_000_000 })
      given = span.context
      const inner = span.child('inner', { kind: 'producer' })
      inner.fail('internal')
      inner.end()
      span.end(1_700_000_001_500)
    })
    assert.deepEqual([root!.traceId, root!.parentSpanId, root!.name, root!.kind, root!.traceState], [TRACE, '00f067aa0ba902b7', 'outer', 2, 'vendor=1,other=a;b'])
    assert.deepEqual([root!.begin, root!.end, root!.failed], [1_700_000_000_000, 1_700_000_001_500, false])
    assert.deepEqual(root!.attributes, { 'http.route': '/v1/jobs' })
    assert.deepEqual([root!.resource['service.name'], root!.resource['service.instance.id']], ['espalier-api', 'here:1'])
    assert.equal(given, `00-${TRACE}-${root!.spanId}-01;vendor=1,other=a;b`)
    assert.deepEqual([child!.traceId, child!.parentSpanId, child!.kind, child!.failed, child!.attributes['error.type']], [TRACE, root!.spanId, 4, true, 'internal'])
  })

  test('what W3C does not know begins a trace of its own', async () => {
    const malformed = [
      '', 'x', PARENT.toUpperCase(), PARENT.slice(1), `${PARENT}-more`, `ff${PARENT.slice(2)}`, PARENT.replace(TRACE, '0'.repeat(32)), PARENT.replace('00f067aa0ba902b7', '0'.repeat(16)), `${PARENT}${'a'.repeat(5000)}`, `${PARENT}\n`,
    ]
    const spans = await sent((tracing) => { for (const parent of malformed) tracing.start('root', { parent }).end() })
    assert.equal(spans.length, malformed.length)
    for (const [index, { traceId, parentSpanId }] of spans.entries()) {
      assert.equal(parentSpanId, '', malformed[index])
      assert.notEqual(traceId, TRACE)
    }
    assert.equal((await sent((tracing) => { tracing.start('later version', { parent: `01${PARENT.slice(2)}-more` }).end() }))[0]!.traceId, TRACE)
  })

  test('a client that does not sample is not traced, and its decision is handed on', async () => {
    let given: string | undefined
    const spans = await sent((tracing) => {
      const span = tracing.start('outer', { parent: PARENT.replace(/01$/, '00') })
      given = span.context
      span.end()
    })
    assert.deepEqual(spans, [])
    assert.match(given!, new RegExp(`^00-${TRACE}-[0-9a-f]{16}-00$`))
  })

  test('a collector that is away or hangs disturbs nothing: it is told once, and closing takes a moment', async (context) => {
    const held = new Set<Socket>()
    const hanging = createServer((socket) => { held.add(socket) })
    context.after(() => {
      for (const socket of held) socket.destroy()
      hanging.close()
    })
    hanging.listen(0, '127.0.0.1')
    await once(hanging, 'listening')
    const port = (hanging.address() as AddressInfo).port
    const closed = createServer().listen(0, '127.0.0.1')
    await once(closed, 'listening')
    const free = (closed.address() as AddressInfo).port
    closed.close()
    for (const [at, trouble] of [[port, false], [free, true]] as const) {
      const told: string[] = []
      const tracing = tracingTo(`http://127.0.0.1:${at}/v1/traces`, (message) => told.push(message))
      const begin = performance.now()
      for (let index = 0; index < 10_000; index++) tracing.start('span').end()
      assert.ok(performance.now() - begin < 10_000)
      if (trouble) for (let left = 200; left > 0 && told.length === 0; left--) await new Promise((resolve) => setTimeout(resolve, 50))
      const closing = performance.now()
      await tracing.close()
      assert.ok(performance.now() - closing < 10_000)
      if (trouble) assert.deepEqual([told.length, /^traces cannot be sent: /.test(told[0] ?? '')], [1, true])
    }
  })
})
