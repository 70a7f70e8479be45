/** `npm run audit`: the lock file as it is passes, and everything that may not be in one is named; what the registry says of vulnerabilities is taken for what it is. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { advisoriesIn } from '../../../.ci/advisories.ts'
import { isAllowed, problemsOfLock, type LockedPackage, type LockFile } from '../../../.ci/lock-file.ts'

const ROOT = fileURLToPath(new URL('../../../', import.meta.url))
const NPMRC = readFileSync(`${ROOT}.npmrc`, 'utf8')
const LOCK = JSON.parse(readFileSync(`${ROOT}package-lock.json`, 'utf8')) as LockFile

/** What is said of the lock file with fastify's entry changed; undefined takes a field away. */
function saidOf (changes: Readonly<Record<string, unknown>>): string[] {
  const entry = JSON.parse(JSON.stringify({ ...LOCK.packages['node_modules/fastify'], ...changes })) as LockedPackage
  return problemsOfLock({ ...LOCK, packages: { ...LOCK.packages, 'node_modules/fastify': entry } }, NPMRC)
}

describe('the lock file', () => {
  test('is in order as it is', () => {
    assert.deepEqual(problemsOfLock(LOCK, NPMRC), [])
    assert.ok(Object.keys(LOCK.packages).length > 100)
  })

  test('whatever may not be in it is named with its place', () => {
    for (const [changes, said] of [
      [{ resolved: 'https://user:word@elsewhere.example/fastify.tgz' }, /^node_modules\/fastify: comes from https:\/\/elsewhere\.example\/fastify\.tgz, not/],
      [{ resolved: 'git+ssh://git@host.example/fastify.git#abc' }, /comes from git\+ssh:/],
      [{ link: true }, /is a link/], [{ integrity: undefined }, /no sha512/], [{ integrity: 'sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk=' }, /no sha512/], [{ integrity: 'sha512-short==' }, /no sha512/],
      [{ version: 'latest' }, /no version/], [{ hasInstallScript: true }, /runs a program/], [{ deprecated: 'use another' }, /given up by its authors: use another/],
      [{ license: 'AGPL-3.0' }, /licence AGPL-3\.0/], [{ license: undefined }, /licence none/],
    ] as const) {
      const problems = saidOf(changes)
      assert.equal(problems.length, 1, JSON.stringify(changes))
      assert.match(problems[0]!, said)
    }
    assert.match(problemsOfLock(LOCK, NPMRC.replace('ignore-scripts=true', 'ignore-scripts=false')).join(), /ignore-scripts/)
    assert.match(problemsOfLock({ ...LOCK, lockfileVersion: 2 }, NPMRC).join(), /lockfileVersion is 2/)
    const { 'node_modules/elkjs': _gone, ...rest } = LOCK.packages
    assert.match(problemsOfLock({ ...LOCK, packages: rest }, NPMRC).join(), /LICENCE_EXCEPTIONS .* has elkjs/)
  })

  test('licences: one side of an OR, all of an AND', () => {
    for (const good of ['MIT', '(MIT OR GPL-3.0)', 'GPL-2.0 OR MIT', '(MIT AND Zlib)', 'MIT and ISC']) assert.ok(isAllowed(good), good)
    for (const bad of [undefined, '', 'GPL-3.0', 'MIT AND GPL-3.0', '(GPL-2.0 OR AGPL-3.0)', 'UNLICENSED', 'SEE LICENSE IN LICENSE']) assert.ok(!isAllowed(bad), bad)
  })
})

describe('known vulnerabilities', () => {
  test('an answer is told from none', () => {
    const counts = { info: 0, low: 1, moderate: 0, high: 1, critical: 0, total: 2 }
    assert.deepEqual(advisoriesIn(JSON.stringify({ auditReportVersion: 2, vulnerabilities: { a: { severity: 'high' }, b: { severity: 'low' } }, metadata: { vulnerabilities: counts } })), { kind: 'found', counts, packages: ['a (high)'] })
    for (const [output, why] of [['', 'npm printed nothing'], ['<html>', 'npm printed something else than JSON'], ['{"message":"405 Method Not Allowed"}', '405 Method Not Allowed'], ['{"error":{"summary":"offline"}}', 'offline']] as const) {
      assert.deepEqual(advisoriesIn(output), { kind: 'unanswered', why })
    }
  })

  /** The script with a registry that answers its question so; its exit status and what it printed. */
  async function runWith (status: number, answer: object): Promise<{ code: number, text: string }> {
    const server = createServer((request, response) => {
      request.resume().on('end', () => {
        const asked = request.method === 'POST' && request.url === '/-/npm/v1/security/advisories/bulk'
        response.writeHead(asked ? status : 404, { 'content-type': 'application/json' }).end(JSON.stringify(asked ? answer : {}))
      })
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const env = { ...process.env, npm_config_registry: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, npm_config_fetch_retries: '0' }
    const result = await new Promise<{ code: number, text: string }>((resolve) => {
      execFile(process.execPath, ['--import', 'tsx', '.ci/audit.ts'], { cwd: ROOT, env }, (error, stdout, stderr) => { resolve({ code: error === null ? 0 : Number(error.code), text: stdout + stderr }) })
    })
    server.closeAllConnections()
    server.close()
    return result
  }

  test('npm asks a registry: one that offers no audits is a warning, one that knows a severe one fails, one that knows none is good', async () => {
    const refused = await runWith(405, {})
    assert.deepEqual([refused.code, /WARNING: known vulnerabilities were NOT looked for.*405/.test(refused.text)], [0, true], refused.text)
    const advisory = { id: 1, url: 'https://advisories.example/1', title: 'a fault', severity: 'critical', vulnerable_versions: '>=0', cwe: [], cvss: { score: 9.8, vectorString: null } }
    const found = await runWith(200, { fastify: [advisory] })
    assert.deepEqual([found.code, /known vulnerabilities: .*fastify \(critical\)/.test(found.text)], [1, true], found.text)
    const none = await runWith(200, {})
    assert.deepEqual([none.code, /high or critical: none/.test(none.text)], [0, true], none.text)
  })
})
