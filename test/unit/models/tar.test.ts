/** Tar archives: those of Python's tarfile in all its formats, headers made by hand, and everything that can be wrong with them. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { gunzipSync, gzipSync } from 'node:zlib'
import { bytesInMemory } from '../../../src/models/bytes.ts'
import { readModel } from '../../../src/models/formats/index.ts'
import { gunzipped } from '../../../src/models/gunzip.ts'
import { openTar } from '../../../src/models/tar.ts'
import { openZip } from '../../../src/models/zip.ts'
import { bytesOf, modelOf, pruned, SMALL, write } from './formats-helpers.ts'
import { FOLDER } from './savedmodel-helpers.ts'

const TARS = ['exported-pax.tar.gz', 'exported-pax-long.tar', 'exported-gnu-long.tar.gz', 'exported-ustar.tar']
const unpacked = (name: string): Uint8Array => name.endsWith('.gz') ? new Uint8Array(gunzipSync(bytesOf(`${FOLDER}/${name}`))) : bytesOf(`${FOLDER}/${name}`)

/** A header of ustar with its checksum; `fields` are [where, text]. */
function header (name: string, size: number | string, type = '0', fields: ReadonlyArray<readonly [number, string]> = []): Uint8Array {
  const block = Buffer.alloc(512)
  const octal = typeof size === 'string' ? size : `${size.toString(8).padStart(11, '0')}\0`
  for (const [at, value] of [[0, name], [100, '0000644\0'], [124, octal], [136, '00000000000\0'], [156, type], [257, 'ustar\x0000'], ...fields] as const) block.write(value, at, 'latin1')
  block.fill(' ', 148, 156)
  block.write(`${block.reduce((sum, byte) => sum + byte, 0).toString(8).padStart(6, '0')}\0 `, 148)
  return block
}

const padded = (content: string): Buffer => Buffer.concat([Buffer.from(content), Buffer.alloc((512 - Buffer.byteLength(content) % 512) % 512)])
const file = (name: string, content = 'x', type = '0') => [header(name, Buffer.byteLength(content), type), padded(content)]
const tar = (...blocks: Uint8Array[]) => new Uint8Array(Buffer.concat([...blocks, Buffer.alloc(1024)]))
const pax = (...records: string[]) => file('pax', records.map((record) => {
  const length = Buffer.byteLength(record) + 2
  const digits = String(length).length
  return `${length + String(length + digits).length} ${record}\n`
}).join(''), 'x')
const open = async (bytes: Uint8Array) => await openTar(bytesInMemory(bytes))
const namesIn = async (bytes: Uint8Array) => (await open(bytes)).map(({ name, size }) => [name, size])

describe('SavedModels in tars of Python', () => {
  for (const name of TARS) {
    test(`${name} is the model of the zip`, async () => {
      const [zip, model] = [await modelOf(`${FOLDER}/exported.zip`), await modelOf(`${FOLDER}/${name}`)]
      assert.deepEqual(model.layers.map(({ path, weights }) => [path, weights.map(({ role }) => role)]), zip.layers.map(({ path, weights }) => [path, weights.map(({ role }) => role)]))
      for (const [at, { weights }] of model.layers.entries()) {
        for (const [index, { tensor }] of weights.entries()) assert.deepEqual(await tensor.read(), await zip.layers[at]!.weights[index]!.tensor.read(), tensor.key)
      }
    })

    test(`${name} is written as it came, and only values and checksums change`, async () => {
      const file = bytesOf(`${FOLDER}/${name}`)
      const model = await readModel(bytesInMemory(file))
      const content = (bytes: Uint8Array) => name.endsWith('.gz') ? new Uint8Array(gunzipSync(bytes)) : bytes
      assert.deepEqual(content(await write(model, new Map(), 'savedmodel', SMALL)), unpacked(name))
      const changes = await pruned(model, 0.6)
      const [before, after] = [unpacked(name), content(await write(model, changes, 'savedmodel', SMALL))]
      assert.equal(after.length, before.length)
      // The same changes in a zip are checked against TensorFlow.
      const zip = await write(await modelOf(`${FOLDER}/exported.zip`), changes, 'savedmodel', SMALL)
      const entries = await open(after)
      for (const entry of await openZip(bytesInMemory(zip))) {
        const inTar = entries.find((one) => one.name.endsWith(entry.name))!
        const source = await entry.source()
        assert.deepEqual(after.slice(inTar.start, inTar.start + inTar.size), (await source.read(0, source.size)).slice(), entry.name)
      }
      for (const { start, size } of entries) {
        before.fill(0, start, start + size)
        after.fill(0, start, start + size)
      }
      assert.deepEqual(after, before)
    })
  }
})

describe('reading', () => {
  test('names: a prefix of POSIX, a long one of GNU and of pax, folders, dots', async () => {
    assert.deepEqual(await namesIn(tar(header('name', 0, '0', [[345, 'a/b']]), ...file('./c/d', 'yz'), header('e', 0, '5'), ...file('long', 'f/gé\0', 'L'), ...file('short'))), [['a/b/name', 0], ['c/d', 2], ['f/gé', 1]])
    assert.deepEqual(await namesIn(tar(...pax('mtime=1.5', 'path=h/ï'), ...file('short'), ...file('after'))), [['h/ï', 1], ['after', 1]])
    assert.deepEqual(await namesIn(tar(...file('pax', '18 comment=by us!\n', 'g'), ...file('a'))), [['a', 1]])
  })

  test('sizes: pax has the last word; GNU writes large ones as binary; old types', async () => {
    assert.deepEqual(await namesIn(tar(...pax('size=3'), header('a', 0), padded('abc'), ...file('b', 'xy', '\0'), ...file('c', 'z', '7'))), [['a', 3], ['b', 2], ['c', 1]])
    assert.deepEqual(await namesIn(tar(header('a', '\x80\0\0\0\0\0\0\0\0\0\0\x03'), padded('abc'))), [['a', 3]])
  })

  test('without the blocks at the end, and with more of them', async () => {
    assert.deepEqual(await namesIn(new Uint8Array(Buffer.concat(file('a')))), [['a', 1]])
    assert.deepEqual(await namesIn(new Uint8Array(Buffer.concat([...file('a'), Buffer.alloc(20_480)]))), [['a', 1]])
  })
})

describe('archives that are wrong', () => {
  const broken = file('a')
  broken[0]![0] = 98
  const cases: Record<string, [Uint8Array, RegExp]> = {
    'a wrong checksum': [tar(...file('z'), ...broken), /header at byte 1024 has a wrong checksum/],
    'a size past the end': [tar(header('a', 2 ** 32)), /needs 4294967296 bytes/],
    'a size past all numbers': [tar(header('a', '\x80\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff')), /no valid size/],
    'a negative size': [tar(header('a', '\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff')), /no valid size/],
    'a size that is none': [tar(header('a', 'lots')), /no valid size/],
    'a size of pax past the end': [tar(...pax('size=9999999'), ...file('a')), /needs 9999999 bytes/],
    'a size of pax that is none': [tar(...pax('size=-1'), ...file('a')), /no valid size/],
    'a name that leads out': [tar(...file('../a')), /unsafe name "\.\.\/a"/],
    'a name from the root': [tar(...file('/etc/a')), /unsafe name/],
    'a name that leads out behind dots': [tar(...file('././/../a')), /unsafe name/],
    'a long name that leads out': [tar(...file('long', 'b/../../a', 'L'), ...file('a')), /unsafe name/],
    'a name of pax that leads out': [tar(...pax('path=/a'), ...file('a')), /unsafe name/],
    'a name of another system': [tar(...file('c:\\a')), /unsafe name/],
    'no name': [tar(...file('./')), /unsafe name/],
    'a name twice': [tar(...file('a'), ...file('./a')), /two files are called a/],
    'a link': [tar(header('a', 0, '2', [[157, '/etc/passwd']])), /"a" is a link/],
    'a hard link': [tar(...file('b'), header('a', 0, '1', [[157, 'b']])), /"a" is a link/],
    'a device': [tar(header('a', 0, '3')), /a device/],
    'a sparse file of GNU': [tar(...file('a', 'x', 'S')), /a sparse file/],
    'a sparse file of pax': [tar(...pax('GNU.sparse.major=1'), ...file('a')), /sparse file/],
    'a kind that is not known': [tar(header('a', 0, 'Q')), /kind of its own \("Q"\)/],
    'one name for all files': [tar(...file('pax', '10 path=a\n', 'g'), ...file('b')), /gives all files one name/],
    'a record of pax that is too long': [tar(...file('pax', '99 path=a\n', 'x'), ...file('b')), /pax header at byte 0 is malformed/],
    'a record of pax without a length': [tar(...file('pax', 'path=a\n', 'x'), ...file('b')), /malformed/],
    'a record of pax of no length': [tar(...file('pax', '0 path=a\n', 'x'), ...file('b')), /malformed/],
    'a record of pax without a value': [tar(...file('pax', '7 path\n', 'x'), ...file('b')), /malformed/],
    'bytes behind the end': [new Uint8Array(Buffer.concat([...file('a'), Buffer.alloc(1024), ...file('b')])), /bytes follow its end at byte 1024/],
  }
  for (const [name, [bytes, message]] of Object.entries(cases)) {
    test(name, async () => { await assert.rejects(open(bytes), { name: 'EspalierError', code: 'invalid-model', message }) })
  }

  test('more than is read', async () => {
    await assert.rejects(open(tar(header('long', 2 ** 21, 'L'), Buffer.alloc(2 ** 21))), { code: 'limit-exceeded', message: /1048576/ })
    const block = Buffer.concat(Array.from({ length: 70_000 }, (_, index) => header(`f${index}`, 0)))
    await assert.rejects(open(new Uint8Array(block)), { code: 'limit-exceeded', message: /65536 files/ })
  })

  test('a gzip file that is damaged, cut off, too large, or no tar', async () => {
    const good = gzipSync(tar(...file('saved_model.pb')))
    const read = async (bytes: Uint8Array) => await readModel(bytesInMemory(new Uint8Array(bytes)))
    await assert.rejects(read(good), { code: 'unsupported-format', message: /variables\.index/ })
    await assert.rejects(read(gzipSync(tar(...file('other')))), { code: 'invalid-model', message: /the archive has no saved_model\.pb/ })
    await assert.rejects(read(good.subarray(0, good.length - 9)), { code: 'invalid-model', message: /damaged/ })
    await assert.rejects(read(gzipSync(Buffer.from('no tar'))), { code: 'unsupported-format', message: /no model that is read here/ })
    const bomb = bytesInMemory(new Uint8Array(gzipSync(Buffer.alloc(64 * 2 ** 20))))
    await assert.rejects(gunzipped(bomb, 'unpack it', 2 ** 20), { code: 'limit-exceeded', message: /more than 1048576 bytes.*unpack it/ })
  })
})
