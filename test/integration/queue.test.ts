/** The queue on Valkey: the contract, and what lost connections do to it. */
import assert from 'node:assert/strict'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { createConsumer } from '../../src/infra/valkey/consumer.ts'
import { createSweepConsumer } from '../../src/infra/valkey/flows.ts'
import { createQueue } from '../../src/infra/valkey/queue.ts'
import { queueContract, until } from '../contract/queue.ts'
import { queueSweepsContract } from '../contract/queue-sweeps.ts'
import { freshPrefix } from '../support/queue.ts'

queueContract('Valkey', async () => {
  const { url, prefix } = freshPrefix()
  const queue = createQueue(url, { prefix })
  return {
    queue,
    consumer: ({ concurrency = 1, lockMs = 5000, queues = ['default'] as const } = {}) => createConsumer(url, { prefix, queues: () => queues, concurrency, lockMs, workerName: 'a worker' }),
    dispose: async () => { await queue.close() },
  }
})

queueSweepsContract('Valkey', async () => {
  const { url, prefix } = freshPrefix()
  const queue = createQueue(url, { prefix })
  return {
    queue,
    consumer: ({ concurrency = 1, lockMs = 5000 } = {}) => createConsumer(url, { prefix, concurrency, lockMs, workerName: 'a worker' }),
    sweeps: (lockMs = 5000) => createSweepConsumer(url, { prefix, lockMs }),
    dispose: async () => { await queue.close() },
  }
})

/** A way to the real server that can be cut and mended. */
class Cable {
  readonly #target: URL
  readonly #sockets = new Set<Socket>()
  #server: Server | undefined
  #port = 0

  constructor (url: string) { this.#target = new URL(url) }

  /** With the target's password. */
  get url (): string { return Object.assign(new URL(this.#target), { host: `127.0.0.1:${this.#port}` }).href }

  async mend (): Promise<void> {
    const server = createServer((near) => {
      const far = connect(Number(this.#target.port === '' ? 6379 : this.#target.port), this.#target.hostname)
      for (const socket of [near, far]) {
        this.#sockets.add(socket)
        socket.on('error', () => {})
        socket.on('close', () => { near.destroy(); far.destroy(); this.#sockets.delete(socket) })
      }
      near.pipe(far).pipe(near)
    })
    await new Promise<void>((resolve) => { server.listen(this.#port, '127.0.0.1', resolve) })
    this.#port = (server.address() as { port: number }).port
    this.#server = server
  }

  async cut (): Promise<void> {
    const closed = new Promise((resolve) => { this.#server?.close(resolve) })
    for (const socket of this.#sockets) socket.destroy()
    await closed
  }
}

describe('queue on Valkey: lost connections', () => {
  test('away: calls are unavailable after their patience; back: everything goes on', { timeout: 120_000 }, async (context) => {
    const { url, prefix } = freshPrefix()
    const cable = new Cable(url)
    await cable.mend()
    context.after(async () => { await cable.cut() })
    const queue = createQueue(cable.url, { prefix, patience: 500 })
    const consumer = createConsumer(cable.url, { prefix, concurrency: 1, lockMs: 2000, workerName: 'w' })
    // Whatever becomes of the test: what is open would keep its process.
    context.after(async () => { await Promise.all([consumer.close({ force: true }), queue.close()]) })
    const given: string[] = []
    const wishes: string[] = []
    consumer.onWish((wish, jobId) => { wishes.push(`${wish} ${jobId}`) })
    await consumer.start(async ({ jobId }) => { given.push(jobId); await sleep(jobId === 'job_during' ? 800 : 0) })
    await queue.add({ jobId: 'job_before', attempt: 1 })
    await until(() => given.includes('job_before'))
    await queue.add({ jobId: 'job_during', attempt: 1 })
    await until(() => given.includes('job_during'))
    await cable.cut()
    const start = performance.now()
    await assert.rejects(queue.add({ jobId: 'job_away', attempt: 1 }), { code: 'unavailable' })
    assert.ok(performance.now() - start < 1500)
    await assert.rejects(queue.isLive({ jobId: 'job_away', attempt: 1 }), { code: 'unavailable' })
    await assert.rejects(queue.ping(), { code: 'unavailable' })
    await assert.rejects(queue.announce('cancel', 'job_during'), { code: 'unavailable' })
    await cable.mend()
    // Its patience is short: on a busy machine the connection is not there again at the first try.
    await until(async () => await queue.add({ jobId: 'job_after', attempt: 1 }).then(() => true, () => false))
    await until(() => given.includes('job_after'), 20_000)
    await until(async () => await queue.isLive({ jobId: 'job_during', attempt: 1 }).then((live) => !live, () => false), 20_000)
    wishes.length = 0
    await until(async () => await queue.announce('cancel', 'job_after').then(() => wishes.length > 0, () => false))
    await consumer.close()
  })

  test('closing while away does not hang', { timeout: 120_000 }, async (context) => {
    const { url, prefix } = freshPrefix()
    const cable = new Cable(url)
    await cable.mend()
    context.after(async () => { await cable.cut() })
    const queue = createQueue(cable.url, { prefix })
    const consumer = createConsumer(cable.url, { prefix, concurrency: 1, lockMs: 2000, workerName: 'w' })
    // Whatever becomes of the test: what is open would keep its process.
    context.after(async () => { await Promise.all([consumer.close({ force: true }), queue.close()]) })
    await consumer.start(async () => {})
    await cable.cut()
    const start = performance.now()
    await Promise.all([consumer.close(), queue.close()])
    assert.ok(performance.now() - start < 10_000)
  })

  test('started while away, it works once Valkey is there', { timeout: 120_000 }, async (context) => {
    const { url, prefix } = freshPrefix()
    const cable = new Cable(url)
    await cable.mend()
    context.after(async () => { await cable.cut() })
    await cable.cut()
    const queue = createQueue(cable.url, { prefix, patience: 300 })
    const consumer = createConsumer(cable.url, { prefix, concurrency: 1, lockMs: 2000, workerName: 'w' })
    // Whatever becomes of the test: what is open would keep its process.
    context.after(async () => { await Promise.all([consumer.close({ force: true }), queue.close()]) })
    const given: string[] = []
    const starting = consumer.start(async ({ jobId }) => { given.push(jobId) })
    await assert.rejects(queue.add({ jobId: 'job_early', attempt: 1 }), { code: 'unavailable' })
    await cable.mend()
    await starting
    await until(async () => await queue.add({ jobId: 'job_early', attempt: 1 }).then(() => true, () => false))
    await until(() => given.includes('job_early'))
    await consumer.close()
  })
})
