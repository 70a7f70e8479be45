/** /readyz over a real Postgres and Valkey that stop, hang, and come back: it names which, in time, and tells no address. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { rm } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { after, before, describe, test } from 'node:test'
import pg from 'pg'
import { readConfig } from '../../src/config.ts'
import { serve, type Server } from '../../src/http/server.ts'
import { startServices, type Services } from '../../src/infra/embedded/index.ts'
import { descendantsOf } from '../chaos/processes.ts'
import { temporaryHome } from '../support/services.ts'

const LIMIT_MS = 2000

interface Check { readonly state: string, readonly latencyMs: number | null }
interface Ready { readonly status: number, readonly type: string, readonly text: string, readonly ms: number, readonly body: { readonly code?: string, readonly detail?: string, readonly down?: string[], readonly checks: Record<string, Check> } }

describe('readiness', () => {
  let home: string, services: Services, server: Server

  before(async () => {
    home = await temporaryHome()
    const { databaseUrl: _database, redisUrl: _redis, ...config } = readConfig()
    services = await startServices({ ...config, home })
    server = await serve({ ...config, home, host: '127.0.0.1', port: 0, databaseUrl: services.databaseUrl, redisUrl: services.redisUrl, logLevel: 'silent' })
  })
  after(async () => {
    await server.close()
    await services.stop()
    await rm(home, { recursive: true, force: true })
  })

  async function ask (): Promise<Ready> {
    const begin = performance.now()
    const answer = await fetch(`${server.url}/readyz`)
    const text = await answer.text()
    return { status: answer.status, type: answer.headers.get('content-type') ?? '', text, ms: performance.now() - begin, body: JSON.parse(text) as Ready['body'] }
  }

  const statesOf = ({ body }: Ready): string[] => ['postgres', 'valkey', 'blobs', 'schema'].map((name) => body.checks[name]!.state)

  async function untilReady (): Promise<void> {
    for (let left = 200; left > 0; left--) {
      if ((await ask()).status === 200) return
      await sleep(100)
    }
    assert.fail('the service does not become ready again')
  }

  function assertDown (ready: Ready, down: string[], states: string[]): void {
    assert.deepEqual([ready.status, ready.type, ready.body.code, ready.body.down], [503, 'application/problem+json', 'unavailable', down])
    assert.deepEqual(statesOf(ready), states)
    assert.ok(ready.ms < LIMIT_MS, `${ready.ms} ms`)
    for (const address of [services.databaseUrl, services.redisUrl]) {
      const { port, password } = new URL(address)
      assert.ok(!ready.text.includes(port) && !ready.text.includes(password) && !ready.text.includes('127.0.0.1'), ready.text)
    }
    for (const name of down) assert.match(ready.body.detail!, new RegExp(name))
  }

  /** Processes of a service: Postgres is several. */
  const family = (name: 'postgres' | 'valkey'): number[] => {
    const pid = services.pids()[name]!
    return [pid, ...descendantsOf(pid).map((one) => one.pid)]
  }
  const signal = (pids: readonly number[], name: 'SIGSTOP' | 'SIGCONT'): void => { execFileSync('kill', ['-s', name.slice(3), ...pids.map(String)]) }

  test('everything answers', async () => {
    await untilReady()
    const ready = await ask()
    assert.deepEqual(statesOf(ready), ['up', 'up', 'up', 'up'])
    for (const { latencyMs } of Object.values(ready.body.checks)) assert.ok(latencyMs! >= 0)
  })

  for (const [name, states] of [['postgres', ['down', 'up', 'up', 'unknown']], ['valkey', ['up', 'down', 'up', 'up']]] as const) {
    test(`${name} hangs: named within two seconds, again and again, and the process lives`, async () => {
      const pids = family(name)
      signal(pids, 'SIGSTOP')
      try {
        for (let times = 0; times < 3; times++) assertDown(await ask(), [name], [...states])
        assert.equal((await fetch(`${server.url}/healthz`)).status, 200)
        const begin = performance.now()
        const metrics = await (await fetch(`${server.url}/metrics`)).text()
        assert.ok(metrics.includes(`espalier_dependency_up{dependency="${name}"} `) && performance.now() - begin < LIMIT_MS + 1000)
      } finally {
        signal(pids, 'SIGCONT')
      }
      await untilReady()
    })

    test(`${name} is gone: named in time, and ready when it is back`, async () => {
      // The supervisor starts it again within moments, so that once is not enough.
      const kill = (): void => {
        const pid = services.pids()[name]
        if (pid !== undefined) process.kill(pid, 'SIGKILL')
      }
      const killing = setInterval(kill, 20)
      try {
        kill()
        // The server processes of connections that are open outlive a Postgres that was killed by a moment.
        let ready = await ask()
        for (let left = 50; ready.status === 200 && left > 0; left--) ready = await ask()
        assertDown(ready, [name], [...states])
      } finally {
        clearInterval(killing)
      }
      await untilReady()
    })
  }

  test('a database without the tables of this version is told', async () => {
    const client = new pg.Client({ connectionString: services.databaseUrl })
    await client.connect()
    try {
      await client.query("UPDATE _prisma_migrations SET migration_name = '0_' || migration_name WHERE migration_name LIKE '%trace_context'")
      assertDown(await ask(), ['schema'], ['up', 'up', 'up', 'down'])
      // A newer program has been here: what it added does no harm.
      await client.query("UPDATE _prisma_migrations SET migration_name = substr(migration_name, 3) WHERE migration_name LIKE '0\\_%'")
      await client.query("INSERT INTO _prisma_migrations (id, checksum, migration_name, finished_at) VALUES ('x', 'x', '99991231000000_later', now())")
      assert.equal((await ask()).status, 200)
    } finally {
      await client.end()
    }
  })

  test('a folder of files that cannot be written is told', async () => {
    const folder = path.join(home, 'blobs')
    await rm(folder, { recursive: true, force: true })
    execFileSync('touch', [folder])
    assertDown(await ask(), ['blobs'], ['up', 'up', 'down', 'up'])
    await rm(folder)
    assert.equal((await ask()).status, 200)
  })
})
