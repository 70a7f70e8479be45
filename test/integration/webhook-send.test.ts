/** Sending over real sockets: what is posted, where connections go, what is read of answers, and how long it takes at most. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { describe, test } from 'node:test'
import { parseAllowList } from '../../src/infra/webhooks/allow-list.ts'
import { resolve as realResolve, type Resolve } from '../../src/infra/webhooks/resolve.ts'
import { createSender, createUrlCheck } from '../../src/infra/webhooks/send.ts'
import { startReceiver, type Receiver } from '../support/receiver.ts'

const MESSAGE = { headers: { 'content-type': 'application/json', 'webhook-id': 'dlv_1' }, body: '{"name":"Façade 🌳"}' }
const SIGNAL = new AbortController().signal
const LOCAL: Resolve = async () => ['127.0.0.1']

async function withReceiver (answer: Parameters<typeof startReceiver>[0], work: (receiver: Receiver) => Promise<void>): Promise<void> {
  const receiver = await startReceiver(answer)
  try { await work(receiver) } finally { await receiver.close() }
}

function sender (resolve: Resolve = LOCAL, limitMs = 5000, allow = '127.0.0.0/8'): ReturnType<typeof createSender> {
  return createSender({ allowed: parseAllowList(allow), resolve }, limitMs)
}

describe('sending', () => {
  test('one POST with headers and body; the answer is told', async () => {
    await withReceiver((response) => { response.writeHead(202, { 'retry-after': '7' }).end('taken') }, async ({ url, received }) => {
      const { durationMs, ...answer } = await sender().send(`${url}/hook?a=b`, MESSAGE, SIGNAL)
      assert.deepEqual(answer, { status: 202, error: null, retryAfterMs: 7000, response: 'taken' })
      assert.ok(durationMs >= 0 && durationMs < 5000)
      assert.equal(received.length, 1)
      assert.deepEqual([received[0]?.path, received[0]?.headers['webhook-id'], received[0]?.body.toString()], ['/hook?a=b', 'dlv_1', MESSAGE.body])
    })
  })

  test('Retry-After as a date', async () => {
    await withReceiver((response) => { response.writeHead(503, { 'retry-after': new Date(Date.now() + 100_000).toUTCString() }).end() }, async ({ url }) => {
      const { retryAfterMs, response } = await sender().send(url, MESSAGE, SIGNAL)
      assert.ok(retryAfterMs !== null && retryAfterMs > 90_000 && retryAfterMs <= 100_000)
      assert.equal(response, null)
    })
  })

  test('a redirect is an answer, not a way', async () => {
    await withReceiver(undefined, async (other) => {
      for (const status of [301, 302, 303, 307, 308]) {
        await withReceiver((response) => { response.writeHead(status, { location: `${other.url}/secret` }).end() }, async ({ url, received }) => {
          const answer = await sender().send(url, MESSAGE, SIGNAL)
          assert.deepEqual([answer.status, answer.error, received.length], [status, 'redirects are not followed', 1])
        })
      }
      assert.equal(other.received.length, 0)
    })
  })

  test('the name of the host goes with the request, the connection to the address that was checked', async () => {
    await withReceiver(undefined, async ({ port, received }) => {
      assert.equal((await sender().send(`http://hooks.example:${port}/`, MESSAGE, SIGNAL)).status, 200)
      assert.equal(received[0]?.headers.host, `hooks.example:${port}`)
    })
  })

  test('a name that turns private between creation and sending, or between check and connection', async () => {
    await withReceiver(undefined, async ({ port, received }) => {
      const rebinding = (...answers: string[][]): { resolve: Resolve, asked: () => number } => {
        let asked = 0
        return { resolve: async () => answers[asked++] ?? assert.fail('asked once more than needed'), asked: () => asked }
      }
      const turning = rebinding(['8.8.8.8'], ['127.0.0.1'])
      const strict = { allowed: parseAllowList(''), resolve: turning.resolve }
      await createUrlCheck(strict)(`http://rebind.example:${port}/`)
      const refused = await createSender(strict).send(`http://rebind.example:${port}/`, MESSAGE, SIGNAL)
      assert.deepEqual([refused.status, turning.asked()], [null, 2])
      assert.match(refused.error ?? '', /has the address 127\.0\.0\.1, which is not a public address/)
      assert.equal(received.length, 0)
      // Asked once for each try: a second answer, which would be another address, cannot count.
      const once = rebinding(['127.0.0.1'])
      assert.equal((await sender(once.resolve).send(`http://rebind.example:${port}/`, MESSAGE, SIGNAL)).status, 200)
      assert.equal(once.asked(), 1)
      assert.equal(received.length, 1)
    })
  })

  test('private addresses are not connected to', async () => {
    await withReceiver(undefined, async ({ port, received }) => {
      for (const host of ['127.0.0.1', '0x7f000001', '2130706433', 'localhost', 'x.localhost', '[::ffff:127.0.0.1]', '0.0.0.0', '[::]']) {
        assert.match((await sender(LOCAL, 5000, '').send(`http://${host}:${port}/`, MESSAGE, SIGNAL)).error ?? '', /public address|this machine/, host)
      }
      assert.equal(received.length, 0)
    })
  })

  test('no proxy of the environment', async () => {
    await withReceiver(undefined, async (proxy) => {
      await withReceiver(undefined, async ({ url, received }) => {
        const names = ['http_proxy', 'HTTP_PROXY', 'ALL_PROXY', 'NODE_USE_ENV_PROXY']
        const before = names.map((name) => process.env[name])
        names.forEach((name) => { process.env[name] = name === 'NODE_USE_ENV_PROXY' ? '1' : proxy.url })
        try {
          assert.equal((await sender().send(url, MESSAGE, SIGNAL)).status, 200)
        } finally {
          names.forEach((name, i) => { if (before[i] === undefined) delete process.env[name]; else process.env[name] = before[i] })
        }
        assert.deepEqual([proxy.received.length, received.length], [0, 1])
      })
    })
  })

  test('no answer in time, at every stage', async () => {
    const within = async (work: Promise<{ error: string | null, status: number | null }>): Promise<void> => {
      const start = performance.now()
      const { error, status } = await work
      assert.deepEqual([status, error], [null, 'no answer within 0.3 s'])
      assert.ok(performance.now() - start < 3000)
    }
    await within(sender(async () => await new Promise(() => {}), 300).send('http://slow.example/', MESSAGE, SIGNAL))
    await withReceiver(() => {}, async ({ url }) => { await within(sender(LOCAL, 300).send(url, MESSAGE, SIGNAL)) })
    await withReceiver((response) => { response.socket?.write('HTTP/1.1 200 OK\r\nx: ') }, async ({ url }) => { await within(sender(LOCAL, 300).send(url, MESSAGE, SIGNAL)) })
    const silent = createServer(() => {}).listen(0, '127.0.0.1')
    await once(silent, 'listening')
    const { port } = silent.address() as { port: number }
    silent.on('connection', (socket) => { socket.on('error', () => {}) })
    // A TLS handshake that is not answered.
    await within(sender(LOCAL, 300).send(`https://hooks.example:${port}/`, MESSAGE, SIGNAL))
    silent.close()
  })

  test('of an answer without end the beginning is read; the status holds', async () => {
    let sent = 0
    await withReceiver((response) => {
      response.writeHead(200)
      const more = (): void => { while (!response.destroyed && sent < 1 << 28) { sent += 65536; if (!response.write('x'.repeat(65536))) { response.once('drain', more); return } } }
      more()
    }, async ({ url }) => {
      const answer = await sender().send(url, MESSAGE, SIGNAL)
      assert.deepEqual([answer.status, answer.response?.length], [200, 1024])
      assert.ok(sent < 1 << 24, `${sent} bytes were taken`)
    })
    await withReceiver((response) => { response.writeHead(200).write('begun') }, async ({ url }) => {
      const answer = await sender().send(url, MESSAGE, SIGNAL)
      assert.deepEqual([answer.status, answer.response, answer.error], [200, 'begun', null])
    })
  })

  test('what goes wrong is said', async () => {
    const gone = await startReceiver()
    await gone.close()
    assert.match((await sender().send(gone.url, MESSAGE, SIGNAL)).error ?? '', /ECONNREFUSED/)
    await withReceiver((response) => { response.socket?.destroy() }, async ({ url }) => { assert.match((await sender().send(url, MESSAGE, SIGNAL)).error ?? '', /ECONNRESET|socket hang up/) })
    await withReceiver((response) => { response.socket?.end('nonsense\r\n\r\n') }, async ({ url }) => { assert.match((await sender().send(url, MESSAGE, SIGNAL)).error ?? '', /HPE_|Parse Error/) })
    const stopped = new AbortController()
    await withReceiver(() => { stopped.abort() }, async ({ url }) => { assert.match((await sender().send(url, MESSAGE, stopped.signal)).error ?? '', /the service ended/) })
    assert.match((await sender().send('http://8.8.8.8/', MESSAGE, stopped.signal)).error ?? '', /the service ended/)
  })

  test('names that the operator has named are looked up as this machine does', async () => {
    await withReceiver(undefined, async ({ port }) => {
      assert.equal((await sender(realResolve, 5000, 'localhost').send(`http://localhost:${port}/`, MESSAGE, SIGNAL)).status, 200)
    })
    assert.match((await sender(realResolve, 5000, '').send('http://no-such-name.invalid/', MESSAGE, SIGNAL)).error ?? '', /no-such-name\.invalid has no address/)
  })
})
