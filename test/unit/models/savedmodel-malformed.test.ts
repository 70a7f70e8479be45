/** SavedModels that lie: each damage gives an EspalierError that names the place, never a crash, a hang or a large allocation. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { EspalierError, type ErrorCode } from '../../../src/errors.ts'
import { bytesInMemory } from '../../../src/models/bytes.ts'
import { readModel } from '../../../src/models/formats/index.ts'
import { readTable } from '../../../src/models/formats/savedmodel/table.ts'
import { summarizeModel } from '../../../src/models/summary.ts'
import { bytesOf, entryOf, withEntry } from './formats-helpers.ts'
import { ascii, FOLDER, HEADER, maskedCrc, message, savedModel, shape, tableOf, tensorEntry, varint, zipOf, type Entry, type Fields, type TableOptions } from './savedmodel-helpers.ts'

const VALUES = Float32Array.of(1, 2, 3, 4, 5, 6)
const SHARD = new Uint8Array(VALUES.buffer)
const KERNEL = tensorEntry('a/kernel', VALUES, [2, 3])
const ENTRIES = [HEADER, KERNEL]
const FAR = 2 ** 40

/** Reads the file as an upload is read: all weights once. */
const check = async (file: Uint8Array): Promise<unknown> => await summarizeModel(await readModel(bytesInMemory(file)))

async function refused (file: Uint8Array, code: ErrorCode, text: RegExp): Promise<void> {
  const begin = performance.now()
  await assert.rejects(check(file), { name: 'EspalierError', code, message: text })
  assert.ok(performance.now() - begin < 2000, 'it took too long')
}

const withTable = async (options: TableOptions, entries: readonly Entry[] = ENTRIES): Promise<Uint8Array> => await savedModel(tableOf(entries, options), SHARD)

/** The kernel with other fields. */
const withFields = async (...fields: Fields): Promise<Uint8Array> => await savedModel(tableOf([HEADER, tensorEntry('a/kernel', VALUES, [2, 3], fields)]), SHARD)

const withValue = async (value: number[], header = HEADER): Promise<Uint8Array> => await savedModel(tableOf([header, { key: 'a/kernel', value }]), SHARD)

test('made by hand and right, the file is read', async () => {
  const model = await readModel(bytesInMemory(await savedModel(tableOf(ENTRIES), SHARD)))
  assert.deepEqual([...await model.layers[0]!.weights[0]!.tensor.read()], [...VALUES])
  await check(await savedModel(tableOf([HEADER, tensorEntry('a/kernel', VALUES, [2, 3], [[99, ascii('from a later version')]])]), SHARD))
  const later = await readModel(bytesInMemory(await savedModel(tableOf([HEADER, tensorEntry('a/kernel', VALUES, [2, 3], [[1, 77]])]), SHARD)))
  assert.match(later.layers[0]!.layer.problem!, /type 77 values and is kept/)
})

describe('tables', () => {
  const cases: ReadonlyArray<readonly [string, ErrorCode, RegExp, TableOptions, (readonly Entry[])?]> = [
    ['another magic number', 'invalid-model', /does not end as one does/, { magic: [0x57, 0xfb, 0x80, 0x8b, 0x24, 0x75, 0x47, 0xdc] }],
    ['snappy', 'unsupported-format', /snappy/, { compression: 1 }],
    ['unknown compression', 'invalid-model', /method 7/, { compression: 7 }],
    ['a directory far outside', 'invalid-model', /reaches past/, { directory: ({ length }) => ({ at: FAR, length }) }],
    ['a directory of a huge size', 'invalid-model', /reaches past/, { directory: ({ at }) => ({ at, length: FAR }) }],
    ['a directory that is the meta block', 'invalid-model', /overlap/, { directory: ({ at }) => ({ at: at - 13, length: 8 }) }],
    ['a directory cut short', 'invalid-model', /wrong checksum/, { directory: ({ at, length }) => ({ at, length: length - 1 }) }],
    ['a meta block far outside', 'invalid-model', /reaches past/, { meta: ({ length }) => ({ at: FAR, length }) }],
    ['a meta block that is the data block', 'invalid-model', /overlap/, { meta: () => ({ at: 0, length: 12 }) }],
    ['a data block far outside', 'invalid-model', /reaches past/, { handles: ({ length }) => [{ at: FAR, length }] }],
    ['a data block of a huge size', 'invalid-model', /reaches past/, { handles: ({ at }) => [{ at, length: Number.MAX_SAFE_INTEGER }] }],
    ['a data block that is named twice', 'invalid-model', /overlap/, { handles: (right) => [right, right] }],
    ['a data block named a thousand times', 'invalid-model', /overlap/, { handles: (right) => new Array(1000).fill(right) }],
    ['a data block that is the directory itself', 'invalid-model', /overlap/, { handles: (right, _, directory) => [right, { at: directory, length: 20 }] }],
    ['a data block within another', 'invalid-model', /overlap/, { handles: ({ at, length }) => [{ at, length }, { at: at + 1, length: length - 2 }] }],
    ['a data block that begins too late', 'invalid-model', /wrong checksum/, { handles: ({ at, length }) => [{ at: at + 1, length: length - 1 }] }],
    ['no data block', 'invalid-model', /no header/, { handles: () => [] }],
    ['no restarts', 'invalid-model', /claims 0 restarts/, { restarts: () => [] }],
    ['a restart where no key begins', 'invalid-model', /restart at byte 5/, { restarts: () => [0, 5] }],
    ['a restart past the end', 'invalid-model', /restart at byte/, { restarts: () => [0, 0xffffffff] }],
    ['restarts that go backwards', 'invalid-model', /restart at byte 0/, { restarts: () => [0, 0] }],
    ['a key that shares bytes with none', 'invalid-model', /shares 5 bytes/, { data: (right) => [5, ...right.slice(1)] }],
    ['a key of a huge length', 'limit-exceeded', /bytes of a key/, { data: (right) => [...right, 0, ...varint(FAR), 1, 65] }],
    ['a key past the end', 'invalid-model', /needs 100 bytes/, { data: (right) => [...right, 0, 100, 0, 65] }],
    ['a value past the end', 'invalid-model', /needs 90 bytes/, { data: (right) => [...right, 0, 1, 90, 122, 1] }],
    ['a number without an end', 'invalid-model', /ends within a number/, { data: (right) => [...right, 0, 0x80] }],
    ['a number of 80 bits', 'invalid-model', /more than 64 bits/, { data: (right) => [...right, ...new Array<number>(11).fill(0xff), 1] }],
    ['a length of 64 bits', 'invalid-model', /where a size is expected/, { data: (right) => [...right, 0, ...varint(2n ** 64n - 1n), 1] }],
    ['keys out of order', 'invalid-model', /out of order at "a\/bias"/, {}, [HEADER, KERNEL, tensorEntry('a/bias', VALUES, [6])]],
    ['a key twice', 'invalid-model', /out of order at "a\/kernel"/, {}, [HEADER, KERNEL, KERNEL]],
    ['no header', 'invalid-model', /no header/, {}, [KERNEL]],
    ['no entries', 'invalid-model', /no header/, {}, []],
  ]
  for (const [name, code, text, options, entries] of cases) test(name, async () => { await refused(await withTable(options, entries), code, text) })

  test('keys that claim far more than is stored', () => {
    // Each key shares all but its last letters with the one before: 12 bytes stand for up to 16 kB.
    const bytes: number[] = [...[0, ...varint(16_000), 0], ...new Array<number>(16_000).fill(33)]
    for (let index = 0; index < 10_000; index++) bytes.push(...varint(15_990), 4, 0, ...ascii(String(index).padStart(4, '0')))
    const table = Uint8Array.from(tableOf([], { data: () => bytes }))
    assert.throws(() => readTable(table), { code: 'limit-exceeded', message: /bytes of keys/ })
  })
})

describe('entries', () => {
  const header = (...fields: Fields): Entry => ({ key: '', value: message(fields) })
  const cases: ReadonlyArray<readonly [string, ErrorCode, RegExp, () => Promise<Uint8Array>]> = [
    ['big-endian', 'unsupported-format', /big-endian/, async () => await withValue(KERNEL.value, header([1, 1], [2, 1]))],
    ['no shards', 'invalid-model', /shard 0, there are 0/, async () => await withValue(KERNEL.value, header())],
    ['very many shards', 'invalid-model', /has no variables\/variables\.data-00000-of-1099511627776/, async () => await withValue(KERNEL.value, header([1, FAR]))],
    ['two shards, of which one is missing', 'invalid-model', /data-00000-of-00002/, async () => await withValue(KERNEL.value, header([1, 2]))],
    ['a shard that there is none of', 'invalid-model', /lies in shard 3, there are 1/, async () => await withFields([3, 3])],
    ['an offset past the shard', 'invalid-model', /24 bytes from byte 4 of .*data-00000-of-00001, which has 24/, async () => await withFields([4, 4])],
    ['a huge offset', 'invalid-model', /from byte 9007199254740991/, async () => await withFields([4, Number.MAX_SAFE_INTEGER])],
    ['a negative offset', 'invalid-model', /field 4 .* is -4, it must be a size/, async () => await withFields([4, -4n])],
    ['a size that is not the shape\'s', 'invalid-model', /has 20 bytes, its shape \[2, 3\] needs 24/, async () => await withFields([5, 20])],
    ['a shape that is not the size\'s', 'invalid-model', /needs 28/, async () => await withFields([2, shape(7, 1)])],
    ['a shape larger than the shard', 'invalid-model', /which has 24/, async () => await withFields([2, shape(1000, 1000)], [5, 4_000_000])],
    ['a product past all numbers', 'invalid-model', /more elements than can be counted/, async () => await withFields([2, shape(2 ** 40, 2 ** 40)])],
    ['nothing times infinity', 'invalid-model', /more elements|needs/, async () => await withFields([2, shape(...new Array<number>(60).fill(2 ** 40), 0)])],
    ['a negative axis', 'invalid-model', /is -2, it must be a size/, async () => await withFields([2, shape(-2n, -3n)])],
    ['an unknown shape', 'invalid-model', /no known shape/, async () => await withFields([2, message([[3, 1]])])],
    ['very many axes', 'invalid-model', /more than 254 axes/, async () => await withFields([2, shape(...new Array<number>(255).fill(1), 6)])],
    ['two offsets', 'invalid-model', /two fields 4/, async () => await withValue([...KERNEL.value, ...message([[4, 0]])])],
    ['two checksums', 'invalid-model', /two fields 6/, async () => await withValue([...KERNEL.value, ...message([[6, 'fixed32', 0]])])],
    ['a checksum of another kind', 'invalid-model', /field 6 .* varint, it must be fixed32/, async () => await withFields([6, 1])],
    ['a shape that is a number', 'invalid-model', /field 2 .* it must be bytes/, async () => await withFields([2, 6])],
    ['a field that is cut off', 'invalid-model', /needs 100 bytes/, async () => await withValue([...KERNEL.value, 0x7a, 100])],
    ['a field of number 0', 'invalid-model', /field of number 0/, async () => await withValue([...KERNEL.value, 0, 0])],
    ['a group', 'invalid-model', /wire type 3/, async () => await withValue([...KERNEL.value, 0x43])],
    ['a wrong checksum of values', 'invalid-model', /"a\/kernel" have a wrong checksum/, async () => await withFields([6, 'fixed32', 1])],
    ['no type', 'invalid-model', /its type is not told/, async () => await withFields([1, 0])],
  ]
  for (const [name, code, text, file] of cases) test(name, async () => { await refused(await file(), code, text) })

  test('two tensors over the same bytes', async () => {
    const other = tensorEntry('b/kernel', VALUES.slice(1), [5], [], 4)
    await refused(await savedModel(tableOf([...ENTRIES, other]), SHARD), 'invalid-model', /"b\/kernel" begins at byte 4 of shard 0, within another tensor/)
  })
})

describe('object graphs', () => {
  const crcOf = (...parts: number[][]): number => maskedCrc(Uint8Array.from(parts.flat()))
  /** A model whose shard holds the graph's text behind the kernel. */
  async function withGraph (graph: number[], change: (text: number[], fields: Fields) => { text: number[], fields: Fields } = (text, fields) => ({ text, fields })): Promise<Uint8Array> {
    const length = [graph.length & 255, graph.length >>> 8 & 255, graph.length >>> 16, 0]
    const ofLength = crcOf(length)
    const stored = [ofLength & 255, ofLength >>> 8 & 255, ofLength >>> 16 & 255, ofLength >>> 24]
    const right = [...varint(graph.length), ...stored, ...graph]
    const { text, fields } = change(right, [[1, 7], [2, []], [4, SHARD.length], [5, right.length], [6, 'fixed32', crcOf(length, stored, graph)]])
    return await savedModel(tableOf([HEADER, { key: '_CHECKPOINTABLE_OBJECT_GRAPH', value: message(fields) }, KERNEL]), [...SHARD, ...text])
  }
  const node = (...fields: Fields) => [1, message(fields)] as const
  const child = (id: number, name: string) => [1, message([[1, id], [2, ascii(name)]])] as const
  const variable = (name: string, key: string) => [2, message([[1, ascii('VARIABLE_VALUE')], [2, ascii(name)], [3, ascii(key)]])] as const

  test('one that is right names the variable', async () => {
    const model = await readModel(bytesInMemory(await withGraph(message([node(child(1, 'x')), node(variable('dense/kernel', 'a/kernel'))]))))
    assert.deepEqual(model.layers.map(({ path, weights }) => [path, weights[0]!.role]), [['dense', 'kernel']])
  })

  test('cycles and objects that refer to themselves end', async () => {
    const model = await readModel(bytesInMemory(await withGraph(message([node(child(1, 'x'), child(0, 'me')), node(child(0, 'up'), child(1, 'me'), variable('dense/kernel', 'a/kernel'))]))))
    assert.equal(model.layers[0]!.path, 'dense')
  })

  test('names that objects of JavaScript have are names', async () => {
    const model = await readModel(bytesInMemory(await withGraph(message([node(child(1, '__proto__')), node(variable('__proto__/constructor', 'a/kernel'))]))))
    assert.equal((await summarizeModel(model)).layers[0]!.name, '__proto__')
  })

  test('a reference to an object that is not there', async () => {
    await refused(await withGraph(message([node(child(7, 'x'))])), 'invalid-model', /refers to object 7 of 1/)
    await refused(await withGraph(message([node([3, message([[3, 9]])])])), 'invalid-model', /refers to object 9 of 1/)
  })

  test('more parts than any model has', async () => {
    const graph = new Array<number>(2 ** 20 + 2).fill(0)
    for (let at = 0; at < graph.length; at += 2) graph[at] = 0x0a
    await refused(await withGraph(graph), 'limit-exceeded', /parts of the object graph/)
  })

  test('a text with a wrong length, checksum or shape', async () => {
    const graph = message([node()])
    await refused(await withGraph(graph, (text, fields) => ({ text: [text[0]! + 1, ...text.slice(1)], fields })), 'invalid-model', /needs 3 bytes|wrong length/)
    await refused(await withGraph(graph, (text, fields) => ({ text: [text[0]! - 1, ...text.slice(1)], fields })), 'invalid-model', /wrong length or checksum/)
    await refused(await withGraph(graph, (text, fields) => ({ text: [...text.slice(0, -1), 9], fields })), 'invalid-model', /wrong length or checksum/)
    await refused(await withGraph(graph, (text, fields) => ({ text, fields: fields.map((field) => field[0] === 2 ? [2, shape(1)] : field) })), 'invalid-model', /no single text/)
    await refused(await withGraph([0xff]), 'invalid-model', /ends within a number/)
  })
})

describe('partitioned variables', () => {
  const slice = (start: number, length: number) => [7, message([[1, message([[1, start], [2, length]])], [1, message([[2, 3]])]])] as const
  /** The key of rows `start` to `start + length` of a/kernel, of three columns; start and length below 64. */
  const keyOf = (start: number, length: number): string => '\0a/kernel\0\x01\x01\x02' + String.fromCharCode(0x80 ^ start, 0x80 ^ length, 0x80, 0x80 ^ 3)
  const whole = (...slices: Fields): Entry => ({ key: 'a/kernel', value: message([[1, 1], [2, shape(2, 3)], ...slices]) })
  const part = (row: number, at = row): Entry => tensorEntry(keyOf(row, 1), VALUES.slice(3 * at, 3 * at + 3), [1, 3], [], 12 * at)

  test('right, it is one weight', async () => {
    const model = await readModel(bytesInMemory(await savedModel(tableOf([HEADER, part(0), part(1), whole(slice(1, 1), slice(0, 1))]), SHARD)))
    assert.deepEqual([...await model.layers[0]!.weights[0]!.tensor.read()], [...VALUES])
  })

  test('parts that are missing, named twice, or leave a gap', async () => {
    await refused(await savedModel(tableOf([HEADER, part(0), whole(slice(0, 1), slice(1, 1))]), SHARD), 'invalid-model', /part 1 of the partitioned variable "a\/kernel" is missing/)
    await refused(await savedModel(tableOf([HEADER, part(0), whole(slice(0, 1), slice(0, 1))]), SHARD), 'invalid-model', /part 1 .* is another variable/)
    await refused(await savedModel(tableOf([HEADER, part(0), whole(slice(0, 1))]), SHARD), 'invalid-model', /have 1 rows, it has 2/)
    await refused(await savedModel(tableOf([HEADER, part(1), whole(slice(1, 1))]), SHARD), 'invalid-model', /do not fit together at row 0/)
  })
})

describe('zips', () => {
  const index = tableOf(ENTRIES)

  test('missing parts are named', async () => {
    await refused(await zipOf({ 'saved_model.pb': [], 'variables/variables.index': index }), 'invalid-model', /no variables\/variables\.data-00000-of-00001/)
    await refused(await zipOf({ 'saved_model.pb': [], 'variables/variables.data-00000-of-00001': SHARD }), 'unsupported-format', /no variables\/variables\.index/)
  })

  test('deeper than one folder, or in two folders, it is no SavedModel', async () => {
    const within = async (...folders: string[]): Promise<Uint8Array> => await zipOf(Object.fromEntries(folders.flatMap((folder) => [[`${folder}saved_model.pb`, []], [`${folder}variables/variables.index`, index], [`${folder}variables/variables.data-00000-of-00001`, SHARD]])))
    assert.equal((await readModel(bytesInMemory(await within('m/')))).architecture.name, 'm')
    await refused(await within('m/n/'), 'unsupported-format', /SavedModel/)
    await refused(await within('m/', 'n/'), 'unsupported-format', /SavedModel/)
  })

  test('a compressed shard beyond the limit asks for one that is not compressed', async () => {
    const large = new Uint8Array(64 * 2 ** 20 + 4)
    const values = new Float32Array(large.buffer, 0, 6)
    const file = await zipOf({ 'saved_model.pb': [], 'variables/variables.index': tableOf([HEADER, tensorEntry('a/kernel', values.slice(), [2, 3])]), 'variables/variables.data-00000-of-00001': large }, true)
    assert.ok(file.length < 2 ** 20)
    await refused(file, 'limit-exceeded', /data-00000-of-00001: 67108868 bytes .* store it uncompressed/)
  })

  test('an index beyond the limit', async () => {
    const file = await zipOf({ 'saved_model.pb': [], 'variables/variables.index': new Uint8Array(64 * 2 ** 20 + 1) }, true)
    await refused(file, 'limit-exceeded', /bytes of variables\/variables\.index/)
  })
})

describe('every byte counts', () => {
  const INDEX = 'variables/variables.index'

  test('an index cut off anywhere is refused', async () => {
    const index = await entryOf(bytesOf(`${FOLDER}/mixed.zip`), INDEX)
    for (let length = 0; length < index.length; length++) {
      assert.throws(() => readTable(index.slice(0, length)), (error) => error instanceof EspalierError && error.code === 'invalid-model', `${length} bytes`)
    }
  })

  test('a changed byte of the index is refused, or changes nothing that is read', async () => {
    const index = await entryOf(bytesOf(`${FOLDER}/mixed.zip`), INDEX)
    const entriesOf = (bytes: Uint8Array): string => JSON.stringify(readTable(bytes).map(({ key, value }) => [key, [...value]]))
    const right = entriesOf(index)
    let refusals = 0
    for (let at = 0; at < index.length; at++) {
      const changed = index.slice()
      changed[at]! ^= 1 << at % 8
      try {
        assert.equal(entriesOf(changed), right, `byte ${at}`)
      } catch (error) {
        assert.ok(error instanceof EspalierError && /^(invalid-model|unsupported-format)$/.test(error.code), `byte ${at}: ${error instanceof Error ? error.stack : ''}`)
        refusals++
      }
    }
    // Only the padding of the footer may change unseen.
    assert.ok(refusals >= index.length - 40)
  })

  test('a changed byte of a value that is read is found', async () => {
    const name = 'variables/variables.data-00000-of-00001'
    const file = bytesOf(`${FOLDER}/exported.zip`)
    const shard = await entryOf(file, name)
    let [tried, found] = [0, 0]
    for (let at = 0; at < shard.length; at += 97) {
      const changed = shard.slice()
      changed[at]! ^= 4
      const model = await withEntry(file, name, changed)
      tried++
      await check(model).catch((error: unknown) => {
        assert.ok(error instanceof EspalierError && error.code === 'invalid-model' && /checksum|text/.test(error.message), `byte ${at}`)
        found++
      })
    }
    // Each variable is there twice, and one of the two is read.
    assert.ok(found >= tried / 2, `${found} of ${tried}`)
  })
})
