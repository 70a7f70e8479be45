/** docker-compose.yml: it parses, starts what the service needs in order, and asks for a key. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { parse } from 'yaml'
import { readConfig, type Config } from '../../../src/config.ts'
import { listen } from '../../../src/worker/listener.ts'

interface Service {
  readonly image: string
  readonly build?: { readonly dockerfile: string }
  readonly command?: string[]
  readonly environment?: Readonly<Record<string, string | number>>
  readonly expose?: number[]
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>
  readonly healthcheck?: { readonly test: string[] }
  readonly volumes?: string[]
}

const root = new URL('../../../', import.meta.url)
const compose = parse(readFileSync(new URL('docker-compose.yml', root), 'utf8'), { merge: true }) as { services: Record<string, Service>, volumes: Record<string, null>, version?: string }

/** As compose passes it, with the secrets that are asked for. */
function configOf (service: string): Config {
  const given = Object.entries(compose.services[service]!.environment!).map(([name, value]) => [name, String(value).replace(/\$\{\w+:-(\w+)\}/, '$1').replace(/\$\{\w+:\?.*\}/, '0123456789abcdef'.repeat(2))])
  return readConfig({ HOST: '0.0.0.0', ...Object.fromEntries(given) })
}

/** The exit status of a health check, run as a container would run it, but at another port. */
async function checked (service: string, from: number, to: number): Promise<number> {
  const [kind, command, ...args] = compose.services[service]!.healthcheck!.test
  assert.deepEqual([kind, command], ['CMD', 'node'])
  return await new Promise((resolve) => { execFile(process.execPath, args.map((arg) => arg.replaceAll(`:${from}/`, `:${to}/`)), (error) => { resolve(error === null ? 0 : Number(error.code)) }) })
}

describe('docker-compose.yml', () => {
  test('four services, no obsolete version', () => {
    assert.deepEqual(Object.keys(compose.services).sort(), ['api', 'postgres', 'valkey', 'worker'])
    assert.equal(compose.version, undefined)
  })

  test('the roles wait for services that are healthy, and run from one image', () => {
    for (const name of ['api', 'worker']) {
      const role = compose.services[name]!
      assert.deepEqual(role.command, [name])
      assert.ok(existsSync(new URL(role.build!.dockerfile, root)))
      for (const [service, { condition }] of Object.entries(role.depends_on!)) {
        assert.equal(condition, 'service_healthy')
        assert.ok(compose.services[service]!.healthcheck!.test.length > 0)
      }
    }
  })

  test('the environment is one that the roles accept, once the key is given', () => {
    const { environment } = compose.services['api']!
    assert.match(String(environment!['ESPALIER_SECRET_KEY']), /^\$\{ESPALIER_SECRET_KEY:\?/)
    assert.match(String(environment!['ESPALIER_API_KEY']), /^\$\{ESPALIER_API_KEY:\?/)
    const config = configOf('api')
    assert.equal(config.blobs, 'postgres')
    assert.equal(config.redisUrl, 'redis://valkey:6379')
  })

  test('a worker tells its health and metrics where the other containers reach it, and its health check asks there', async () => {
    const { workerMetricsHost: host, workerMetricsPort: port, apiKey } = configOf('worker')
    assert.deepEqual([host, port, compose.services['worker']!.expose], ['0.0.0.0', 9090, [9090]])
    const listener = await listen({ host: '127.0.0.1', port: 0, apiKey, version: '0', metrics: async () => ({ type: 'text/plain', text: '' }) })
    const taken = Number(new URL(listener.url).port)
    assert.equal(await checked('worker', 9090, taken), 0)
    await listener.close()
    assert.equal(await checked('worker', 9090, taken), 1)
  })

  test('named volumes are declared', () => {
    const used = Object.values(compose.services).flatMap(({ volumes = [] }) => volumes.map((volume) => volume.split(':')[0]))
    assert.deepEqual(used.sort(), Object.keys(compose.volumes).sort())
  })
})
