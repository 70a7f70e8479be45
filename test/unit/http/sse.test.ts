/** Server-Sent Events as they are written: fields, comments while nothing happens, what a client told. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import fastify from 'fastify'
import { lastEventId, sendEvents } from '../../../src/http/events/sse.ts'
import type { StreamMessage } from '../../../src/jobs/use-cases/stream-events.ts'

async function sent (messages: () => AsyncGenerator<StreamMessage>, beatMs = 1000): Promise<{ body: string, headers: Record<string, unknown> }> {
  const app = fastify()
  app.get('/', async (request, reply) => await sendEvents(request, reply, messages, beatMs))
  try {
    return await app.inject('/')
  } finally {
    await app.close()
  }
}

describe('server-sent events', () => {
  test('one line a field, an empty line behind each message, and the time to wait first', async () => {
    const { body, headers } = await sent(async function * () {
      yield { event: 'state', id: '1.0.-1', data: { text: 'two\nlines \u2028 ü' } }
      yield { event: 'progress', data: {} }
    })
    assert.equal(body, 'retry: 2000\n\nevent: state\nid: 1.0.-1\ndata: {"text":"two\\nlines \u2028 ü"}\n\nevent: progress\ndata: {}\n\n')
    assert.deepEqual([headers['content-type'], headers['cache-control'], headers['x-accel-buffering']], ['text/event-stream; charset=utf-8', 'no-store', 'no'])
  })

  test('comments while nothing happens, and no message is lost over them', async () => {
    const { body } = await sent(async function * () {
      await sleep(200)
      yield { event: 'a', data: {} }
      yield { event: 'b', data: {} }
    }, 30)
    assert.match(body, /^retry: 2000\n\n(:\n\n)+event: a\ndata: \{\}\n\nevent: b\ndata: \{\}\n\n$/)
  })

  test('the generator is ended when the client goes', async () => {
    const app = fastify()
    let ended = false
    const stop = new AbortController()
    app.get('/', async (request, reply) => {
      reply.raw.once('close', () => stop.abort())
      return await sendEvents(request, reply, async function * () {
        try {
          for (;;) {
            yield { event: 'a', data: {} }
            await sleep(20, undefined, { signal: stop.signal }).catch(() => {})
          }
        } finally {
          ended = true
        }
      })
    })
    const url = await app.listen({ host: '127.0.0.1', port: 0 })
    const client = new AbortController()
    await fetch(url, { signal: client.signal })
    client.abort()
    for (let tries = 100; !ended && tries > 0; tries--) await sleep(20)
    assert.ok(ended)
    await app.close()
  })

  test('the last id is the header\'s, else the query\'s', async () => {
    const app = fastify()
    app.get('/', async (request) => ({ id: lastEventId(request) ?? null }))
    const told = async (url: string, headers: Record<string, string> = {}): Promise<unknown> => (await app.inject({ url, headers })).json().id
    assert.deepEqual([await told('/'), await told('/?lastEventId=7'), await told('/?lastEventId=7', { 'last-event-id': '9' }), await told('/', { 'last-event-id': '' })], [null, '7', '9', null])
    await app.close()
  })
})
