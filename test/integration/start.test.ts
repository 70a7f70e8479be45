/** `npm start`: one command serves, whatever dies is started again at the same address, and nothing is left when it ends, however it ends. */
import assert from 'node:assert/strict'
import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFile, rm } from 'node:fs/promises'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { isAlive } from '../../src/infra/processes.ts'
import { descendantsOf } from '../chaos/processes.ts'
import { temporaryHome } from '../support/services.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const LIMIT_MS = 90_000
const SERVERS = { Postgres: /postgres\S* -D /, Valkey: /(valkey|redis)-server / }

interface Started { readonly child: ChildProcess, readonly url: string, output (): string }

let home: string
before(async () => { home = await temporaryHome() })
after(async () => { await rm(home, { recursive: true, force: true, maxRetries: 5 }) })

function begin (): { child: ChildProcess, output: () => string } {
  const { DATABASE_URL: _database, REDIS_URL: _redis, ...env } = process.env
  const child = spawn(process.execPath, ['--import', 'tsx', 'src/cli/start.ts'], { cwd: ROOT, env: { ...env, ESPALIER_HOME: home, PORT: '0', ESPALIER_LOG: 'warn' }, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream!.setEncoding('utf8').on('data', (piece: string) => { output += piece })
  return { child, output: () => output }
}

async function until (what: string, reached: () => Promise<boolean> | boolean): Promise<void> {
  for (const end = Date.now() + LIMIT_MS; Date.now() < end; await sleep(100)) if (await reached()) return
  assert.fail(`not within ${LIMIT_MS} ms: ${what}`)
}

async function start (): Promise<Started> {
  const { child, output } = begin()
  let url: string | undefined
  await until('ready', () => {
    assert.equal(child.exitCode, null, output())
    url = /Espalier is ready at (\S+)/.exec(output())?.[1]
    return url !== undefined
  })
  return { child, url: url!, output }
}

const isReady = async (url: string): Promise<boolean> => await fetch(`${url}/readyz`).then(({ status }) => status === 200, () => false)
const portOf = async (service: string): Promise<number> => (JSON.parse(await readFile(path.join(home, service, 'service.json'), 'utf8')) as { port: number }).port

async function stop ({ child, output }: Started): Promise<void> {
  const family = descendantsOf(child.pid!)
  assert.ok(family.length >= 4)
  child.kill('SIGINT')
  const [code] = await once(child, 'exit')
  assert.equal(code, 0, output())
  await until('all ended', () => family.every(({ pid }) => !isAlive(pid)))
}

describe('npm start', () => {
  test('serves, restarts its servers at the same ports, refuses a second one, stops all on Ctrl-C', async () => {
    const running = await start()
    assert.ok(await isReady(running.url))
    const key = /an admin's key, which is told this once: (esp_\S+)/.exec(running.output())![1]!
    const asked = async (authorization?: string): Promise<number> => (await fetch(`${running.url}/v1/keys`, { headers: authorization === undefined ? {} : { authorization } })).status
    assert.deepEqual([await asked(), await asked(`Bearer ${key}`), await asked(`Bearer ${key}x`)], [200, 200, 401])
    const made = (await promisify(execFile)(process.execPath, ['--import', 'tsx', 'src/cli/keys.ts', 'create', '--name', 'ci', '--scopes', 'read,admin'], { cwd: ROOT, env: { ...process.env, DATABASE_URL: '', ESPALIER_HOME: home } })).stdout.trim()
    assert.equal(await asked(`Bearer ${made}`), 200)
    for (const [name, command] of Object.entries(SERVERS)) {
      const pidOf = (): number | undefined => descendantsOf(running.child.pid!).find((process) => process.parent === running.child.pid && command.test(process.command))?.pid
      const [pid, port] = [pidOf(), await portOf(name.toLowerCase())]
      process.kill(pid!, 'SIGKILL')
      await until(`${name} again`, () => pidOf() !== undefined && pidOf() !== pid)
      await until('ready again', async () => await isReady(running.url))
      assert.equal(await portOf(name.toLowerCase()), port)
      assert.match(running.output(), new RegExp(`${name} ended \\(SIGKILL\\); it is started again`))
    }
    const second = begin()
    const [code] = await once(second.child, 'exit')
    assert.equal(code, 1)
    assert.match(second.output(), /conflict: Espalier runs already with its data in .* ESPALIER_HOME/)
    assert.ok(await isReady(running.url))
    await stop(running)
  })

  test('killed outright it leaves nothing running, and the next start finds what the last one kept', async () => {
    const killed = await start()
    const { child, url } = killed
    const ports = [await portOf('postgres'), await portOf('valkey')]
    const form = new FormData()
    form.set('file', new Blob([await readFile(path.join(ROOT, 'examples/seed-network.keras'))]), 'seed-network.keras')
    const answer = await fetch(`${url}/v1/models`, { method: 'POST', body: form })
    assert.equal(answer.status, 201, await answer.clone().text())
    const { id } = await answer.json() as { id: string }
    const family = descendantsOf(child.pid!)
    child.kill('SIGKILL')
    await until('no orphan', () => family.every(({ pid }) => !isAlive(pid)))
    const next = await start()
    assert.deepEqual([await portOf('postgres'), await portOf('valkey')], ports)
    assert.equal((await fetch(`${next.url}/v1/models/${id}`)).status, 200)
    await stop(next)
  })
})
