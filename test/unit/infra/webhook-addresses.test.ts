/** Where webhooks may be: addresses, names, ports, and what the operator allows. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { whyNotPublic } from '../../../src/infra/webhooks/addresses.ts'
import { parseAllowList } from '../../../src/infra/webhooks/allow-list.ts'
import type { Resolve } from '../../../src/infra/webhooks/resolve.ts'
import { targetOf } from '../../../src/infra/webhooks/target.ts'

/** By the IANA registries of special-purpose addresses. */
const NOT_PUBLIC = [
  '0.0.0.0', '0.1.2.3', '10.0.0.1', '10.255.255.255', '100.64.0.1', '100.100.100.200', '100.127.255.255', '127.0.0.1', '127.255.255.254', '169.254.169.254', '172.16.0.1',
  '172.31.255.255', '192.0.0.1', '192.0.2.1', '192.88.99.1', '192.168.1.1', '198.18.0.1', '198.19.255.255', '198.51.100.1', '203.0.113.1', '224.0.0.1', '239.255.255.255', '240.0.0.1',
  '255.255.255.255', '168.63.129.16',
  '::', '::1', '::127.0.0.1', '::ffff:127.0.0.1', '::ffff:8.8.8.8', '::ffff:a00:1', '::ffff:0:10.0.0.1', '64:ff9b::a00:1', '64:ff9b::8.8.8.8', '64:ff9b:1::1', '100::1', '2001::1', '2001:2::1',
  '2001:10::1', '2001:20::1', '2001:db8::1', '2002:7f00:1::', '2002:a00:1::1', '3fff::1', '5f00::1', 'fc00::1', 'fd12:3456::1', 'fe80::1', 'febf::1', 'fec0::1', 'ff02::1', '4000::1', '1::1',
]
const PUBLIC = ['1.1.1.1', '8.8.8.8', '9.255.255.255', '11.0.0.0', '100.63.255.255', '100.128.0.0', '126.255.255.255', '128.0.0.1', '169.253.255.255', '172.15.255.255', '172.32.0.0',
  '192.167.255.255', '192.169.0.0', '198.17.255.255', '198.20.0.0', '223.255.255.255', '2606:4700:4700::1111', '2a00:1450:4001::1', '2001:4860:4860::8888']

const NEVER: Resolve = async (name) => assert.fail(`${name} was looked up`)
const PUBLIC_NAME: Resolve = async () => ['8.8.8.8', '2606:4700::1']
const SIGNAL = new AbortController().signal

async function check (url: string, { allow = '', resolve = NEVER }: { allow?: string, resolve?: Resolve } = {}): Promise<string[]> {
  return [...(await targetOf(url, { allowed: parseAllowList(allow), resolve }, SIGNAL)).addresses]
}

describe('addresses of webhooks', () => {
  test('none that is not public', () => {
    for (const address of NOT_PUBLIC) assert.notEqual(whyNotPublic(address), null, address)
    for (const address of PUBLIC) assert.equal(whyNotPublic(address), null, address)
  })

  test('however an address is written', async () => {
    const hosts = ['127.0.0.1', '0x7f000001', '0x7f.0.0.1', '0177.0.0.1', '2130706433', '127.1', '127.0.1', '0', '127.0.0.1.', '１２７.０.０.１', '[::1]', '[::]', '[::ffff:127.0.0.1]', '[::ffff:7f00:1]',
      '[0:0:0:0:0:ffff:127.0.0.1]', '[64:ff9b::7f00:1]', '[fe80::1]', '169.254.169.254', '0xa9fea9fe', '2852039166']
    for (const host of hosts) {
      for (const scheme of ['http', 'https']) {
        await assert.rejects(check(`${scheme}://${host}/hook`), (error: Error & { code: string }) => error.code === 'invalid-request' && /^url: .*is not a public address/.test(error.message), host)
      }
    }
    assert.deepEqual(await check('http://8.8.8.8/'), ['8.8.8.8'])
    assert.deepEqual(await check('http://0x08080808/'), ['8.8.8.8'])
    assert.deepEqual(await check('https://[2606:4700:4700::1111]:8443/'), ['2606:4700:4700::1111'])
  })

  test('names of this machine, without looking them up', async () => {
    for (const name of ['localhost', 'LOCALHOST', 'localhost.', 'a.localhost', 'a.b.localhost.', 'ｌocalhost']) {
      await assert.rejects(check(`http://${name}:8080/`), /is this machine/, name)
    }
  })

  test('a name is refused when any of its addresses is', async () => {
    const of = (...addresses: string[]): { resolve: Resolve } => ({ resolve: async () => addresses })
    assert.deepEqual(await check('https://good.example/', of('8.8.8.8', '1.1.1.1')), ['8.8.8.8', '1.1.1.1'])
    await assert.rejects(check('https://bad.example/', of('8.8.8.8', '10.0.0.1')), { message: 'url: bad.example has the address 10.0.0.1, which is not a public address (private); the operator can allow it with ESPALIER_WEBHOOK_ALLOW' })
    await assert.rejects(check('https://bad.example/', of('2606:4700::1', '::1')), /::1.*loopback/)
    await assert.rejects(check('https://none.example/', of()), /has no address/)
    await assert.rejects(check('https://none.example/', { resolve: async () => { throw Object.assign(new Error('queryA'), { code: 'ENOTFOUND' }) } }), /none\.example has no address \(ENOTFOUND\)/)
  })

  test('nothing but http and https, high ports, no password, no fragment', async () => {
    const refused: Array<[string, RegExp]> = [
      ['hooks.example', /absolute address/], ['//hooks.example/', /absolute address/], ['ftp://hooks.example/', /must begin with/], ['file:///etc/passwd', /must begin with/], ['gopher://hooks.example:70/', /must begin with/],
      ['https://user:secret@hooks.example/', /user name or password/], ['https://user@hooks.example/', /user name/], ['https://hooks.example/#a', /fragment/],
      ['http://hooks.example:25/', /port 25;/], ['http://hooks.example:22/', /port 22;/], ['https://hooks.example:1023/', /port 1023;/], ['http://hooks.example:0/', /port 0;/], ['http://hooks.example:65536/', /absolute/], ['http://[fe80::1%25eth0]/', /absolute/],
    ]
    for (const [url, message] of refused) await assert.rejects(check(url, { resolve: PUBLIC_NAME }), message, url)
    for (const url of ['http://hooks.example/', 'https://hooks.example:443/', 'http://hooks.example:443/x?y=z', 'https://hooks.example:1024/']) assert.equal((await check(url, { resolve: PUBLIC_NAME })).length, 2)
  })

  test('the operator allows ranges of addresses, and names with all that they stand for', async () => {
    const allow = '10.1.0.0/16, fd00::/8,127.0.0.1, Hooks.Internal,localhost'
    assert.deepEqual(await check('http://10.1.2.3:9000/', { allow }), ['10.1.2.3'])
    assert.deepEqual(await check('http://[fd12::1]/', { allow }), ['fd12::1'])
    await assert.rejects(check('http://10.2.0.1/', { allow }), /private/)
    await assert.rejects(check('http://127.0.0.2/', { allow }), /loopback/)
    await assert.rejects(check('http://[::ffff:10.1.2.3]/', { allow }), /ipv4Mapped/)
    const asked: Array<[string, boolean]> = []
    const resolve: Resolve = async (name, trusted) => { asked.push([name, trusted]); return ['10.9.9.9', '::1'] }
    assert.deepEqual(await check('http://hooks.internal./', { allow, resolve }), ['10.9.9.9', '::1'])
    assert.deepEqual(await check('http://localhost:3000/', { allow, resolve }), ['10.9.9.9', '::1'])
    await assert.rejects(check('http://x.hooks.internal/', { allow, resolve }), /private/)
    await assert.rejects(check('http://a.localhost/', { allow, resolve }), /is this machine/)
    assert.deepEqual(asked, [['hooks.internal', true], ['localhost', true], ['x.hooks.internal', false]])
  })

  test('what is no address, range or name is told', () => {
    for (const item of ['10.0.0.0/33', '10.0.0.0.0', '300.1.1.1', 'fd00::/129', 'http://x', '-a.example', 'a..b', '*.internal', '10.1', 'a b']) {
      assert.throws(() => parseAllowList(`10.0.0.0/8,${item}`), (error: Error & { code: string }) => error.code === 'invalid-configuration' && error.message.includes(`"${item}"`), item)
    }
    assert.equal(parseAllowList(' , ').hasAddress('127.0.0.1'), false)
    assert.equal(parseAllowList('0.0.0.0/0').hasAddress('127.0.0.1'), true)
    assert.equal(parseAllowList('0.0.0.0/0').hasAddress('::1'), false)
  })
})
