/** docker-compose.yml: it parses, starts what the service needs in order, and asks for a key. */
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { parse } from 'yaml'
import { readConfig } from '../../../src/config.ts'

interface Service {
  readonly image: string
  readonly build?: { readonly dockerfile: string }
  readonly command?: string[]
  readonly environment?: Readonly<Record<string, string>>
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>
  readonly healthcheck?: { readonly test: string[] }
  readonly volumes?: string[]
}

const root = new URL('../../../', import.meta.url)
const compose = parse(readFileSync(new URL('docker-compose.yml', root), 'utf8'), { merge: true }) as { services: Record<string, Service>, volumes: Record<string, null>, version?: string }

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
    assert.match(environment!['ESPALIER_API_KEY']!, /^\$\{ESPALIER_API_KEY:\?/)
    const given = Object.fromEntries(Object.entries(environment!).map(([name, value]) => [name, value.replace(/\$\{\w+:-(\w+)\}/, '$1')]))
    const config = readConfig({ ...given, HOST: '0.0.0.0', ESPALIER_API_KEY: '0123456789abcdef' })
    assert.equal(config.blobs, 'postgres')
    assert.equal(config.redisUrl, 'redis://valkey:6379')
  })

  test('named volumes are declared', () => {
    const used = Object.values(compose.services).flatMap(({ volumes = [] }) => volumes.map((volume) => volume.split(':')[0]))
    assert.deepEqual(used.sort(), Object.keys(compose.volumes).sort())
  })
})
