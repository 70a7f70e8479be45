/** Secrets at rest: what is sealed opens again, for what it was sealed for and with its key alone; the key's file is one for all who begin at once. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, describe, test } from 'node:test'
import { createSecretBox, sealedWith } from '../../../src/infra/secrets/box.ts'
import { keyInHome } from '../../../src/infra/secrets/key-file.ts'

const [OLD, NEW] = ['old '.repeat(10), 'new '.repeat(10)] as const
const wrong = { code: 'invalid-configuration' }

/** The same with Web Crypto, from the description in docs/security.md. */
async function openedByWebCrypto (sealed: string, key: string, context: string): Promise<string> {
  const { subtle } = globalThis.crypto
  const bytes = Buffer.from(sealed.split('.')[2]!, 'base64url')
  const material = await subtle.importKey('raw', Buffer.from(key), 'HKDF', false, ['deriveKey'])
  const derived = await subtle.deriveKey({ name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(), info: Buffer.from('espalier key of secrets') }, material, { name: 'AES-GCM', length: 256 }, false, ['decrypt'])
  return Buffer.from(await subtle.decrypt({ name: 'AES-GCM', iv: bytes.subarray(0, 12), additionalData: Buffer.from(context) }, derived, bytes.subarray(12))).toString('utf8')
}

describe('a box for secrets', () => {
  const box = createSecretBox([NEW, OLD])

  test('what it seals opens again, is never the same twice, and is AES-256-GCM as documented', async () => {
    for (const text of ['', 'whsec_abc', 'ä'.repeat(5000)]) {
      const [one, two] = [box.seal(text, 'webhook 1'), box.seal(text, 'webhook 1')]
      assert.notEqual(one, two)
      assert.deepEqual([box.open(one, 'webhook 1'), sealedWith(one)], [text, box.keyIds[0]])
      if (text !== '') assert.ok(!one.includes(text))
      assert.equal(await openedByWebCrypto(one, NEW, 'webhook 1'), text)
    }
  })

  test('former keys are read with; one that is not there is named, and so is what lacks it', () => {
    const [former, other] = [createSecretBox([OLD]), createSecretBox(['another key '.repeat(4)])]
    assert.equal(box.open(former.seal('text', 'w'), 'w'), 'text')
    assert.throws(() => other.open(box.seal('text', 'webhook 7'), 'webhook 7'), { ...wrong, message: new RegExp(`webhook 7 is encrypted with the key ${box.keyIds[0]}.*there are ${other.keyIds[0]}`) })
    assert.throws(() => createSecretBox([]), wrong)
  })

  test('of another thing, changed or cut it does not open; what was never sealed is as it was', () => {
    const sealed = box.seal('text', 'webhook 1')
    assert.throws(() => box.open(sealed, 'webhook 2'), wrong)
    for (let at = 'v1.01234567.'.length; at < sealed.length - 1; at++) {
      const changed = sealed.slice(0, at) + (sealed[at] === 'A' ? 'B' : 'A') + sealed.slice(at + 1)
      assert.throws(() => box.open(changed, 'webhook 1'), wrong, String(at))
    }
    assert.throws(() => box.open(sealed.slice(0, -4), 'webhook 1'), wrong)
    for (const plain of ['whsec_abc', '', 'v1', 'v1.01234567.short', 'v2.01234567.' + 'A'.repeat(50)]) assert.equal(box.open(plain, 'webhook 1'), plain)
  })
})

describe('the key in ESPALIER_HOME', () => {
  let home: string
  before(async () => { home = await mkdtemp(path.join(tmpdir(), 'espalier-key-')) })
  after(async () => { await rm(home, { recursive: true, force: true }) })

  test('several processes that begin at once have the same, and nobody else may read it', async () => {
    const program = `import { keyInHome } from ${JSON.stringify(new URL('../../../src/infra/secrets/key-file.ts', import.meta.url).href)}; console.log(await keyInHome(process.argv[1]))`
    const keys = await Promise.all(Array.from({ length: 4 }, async () => {
      const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program, home], { stdio: ['ignore', 'pipe', 'inherit'] })
      let text = ''
      child.stdout.on('data', (piece: Buffer) => { text += piece.toString() })
      await once(child, 'close')
      return text.trim()
    }))
    assert.equal(new Set(keys).size, 1)
    assert.equal(Buffer.from(keys[0]!, 'base64').length, 32)
    assert.equal(await keyInHome(home), keys[0])
    assert.deepEqual(await readdir(home), ['secret.key'])
    assert.equal((await stat(path.join(home, 'secret.key'))).mode & 0o777, 0o600)
  })

  test('a file that others may read, that is empty or too large is refused and left as it is', async () => {
    const file = path.join(home, 'secret.key')
    await chmod(file, 0o644)
    await assert.rejects(keyInHome(home), { ...wrong, message: /mode 644/ })
    for (const content of ['', 'short', 'x'.repeat(5000)]) {
      await writeFile(file, content)
      await chmod(file, 0o600)
      await assert.rejects(keyInHome(home), { ...wrong, message: /holds no key/ })
      assert.equal(await readFile(file, 'utf8'), content)
    }
  })
})
