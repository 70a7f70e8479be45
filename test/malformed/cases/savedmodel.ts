/** SavedModels that lie: indexes whose checksums are right and whose numbers are not, shards that are not there, graphs that refer to themselves. */
import { readFileSync } from 'node:fs'
import { bytesOf, joined, little, type Part } from '../../fuzz/containers/container.ts'
import { field, protobuf, varint } from '../../fuzz/containers/protobuf.ts'
import { entriesOf, maskedCrc, tableOf } from '../../fuzz/containers/table.ts'
import { fileIn, filesOf, withFile, zipOf } from '../../fuzz/containers/zip.ts'
import { pathOf } from '../../support/fixtures.ts'
import { cuts, lies, placeOf, refused, written, type Case } from '../case.ts'

const GOOD = new Uint8Array(readFileSync(pathOf('test/fixtures/savedmodel/first.zip')))
const [INDEX, SHARD, MODEL] = ['variables/variables.index', 'variables/variables.data-00000-of-00001', 'saved_model.pb']

/** Fields of BundleEntryProto as tags. Source: tensor_bundle.proto. */
const TAGS = { dtype: '8', shape: '18', shard: '24', offset: '32', size: '40', crc: '53' } as const

const withEntries = (entries: readonly Part[]): Uint8Array => withFile(GOOD, INDEX, tableOf(entries))

/** The file with one field of the entry of the first tensor that has a shape changed; a number stands for its varint. */
function withField (tag: keyof typeof TAGS, content: bigint | Uint8Array | undefined): Uint8Array {
  const entries = entriesOf(fileIn(GOOD, INDEX))
  const place = entries.findIndex(({ label }) => label === 'conv1/weights')
  const entry = protobuf(bytesOf(entries[place]))!
  const others = entry.parts.filter(({ label }) => label !== TAGS[tag])
  const changed = entry.close(content === undefined ? others : [...others, { label: TAGS[tag], content }])
  return withEntries(entries.map((part, index) => index === place ? { label: part.label, content: changed } : part))
}

const shapeOf = (...sizes: Array<number | bigint>): Uint8Array => joined(...sizes.map((size) => field(2, joined([8], varint(size)))))

/** The first number of a kernel is another, and its checksum right. */
function poisoned (value: number): Uint8Array {
  const entries = entriesOf(fileIn(GOOD, INDEX))
  const place = entries.findIndex(({ label }) => label === 'conv1/weights')
  const entry = protobuf(bytesOf(entries[place]))!
  const number = (tag: string): number => Number(entry.parts.find(({ label }) => label === tag)?.content ?? 0)
  const [offset, size] = [number(TAGS.offset), number(TAGS.size)]
  const shard = written(fileIn(GOOD, SHARD), offset, new Uint8Array(Float32Array.of(value).buffer))
  const crc = little(maskedCrc(shard.subarray(offset, offset + size)), 4)
  const changed = entry.close(entry.parts.map((part) => part.label === TAGS.crc ? { label: part.label, content: crc } : part))
  return withFile(withEntries(entries.map((part, index) => index === place ? { label: part.label, content: changed } : part)), SHARD, shard)
}

const EDGES: ReadonlyArray<readonly [string, bigint]> = [['2^31', 2n ** 31n], ['2^53', 2n ** 53n], ['2^63 - 1', 2n ** 63n - 1n], ['-1', 2n ** 64n - 1n]]

export function savedmodelCases (): Case[] {
  const [index, shard, model] = [fileIn(GOOD, INDEX), fileIn(GOOD, SHARD), fileIn(GOOD, MODEL)]
  const bad = (name: string, file: Uint8Array | (() => Uint8Array)): Case => refused(name, file, 'invalid-model')
  const put = (name: string, content: Uint8Array | null): Uint8Array => withFile(GOOD, name, content)
  const entries = entriesOf(index)
  return [
    refused('the sound file', GOOD, 'read'),
    refused('the index written again', withEntries(entries), 'read'),
    ...cuts(GOOD, { 'within the first entry': 60, 'before the directory': placeOf(GOOD, 'PK\x01\x02'), 'before the end record': placeOf(GOOD, 'PK\x05\x06') }, 'invalid-model'),
    ...cuts(index, { 'to nothing': 0, 'within its first block': 20, 'in the middle': index.length >> 1, 'before its magic number': index.length - 8, 'one byte before its end': index.length - 1 }, 'invalid-model')
      .map((one) => ({ ...one, name: `the index ${one.name}`, make: async () => put(INDEX, await one.make()) })),
    ...lies(index, [{ what: 'the handles of the index', at: index.length - 48, width: 8 }, { what: 'the magic number', at: index.length - 8, width: 8 }], ['invalid-model'])
      .map((one) => ({ ...one, make: async () => put(INDEX, await one.make()) })),
    ...EDGES.flatMap(([name, value]) => (['dtype', 'shard', 'offset', 'size'] as const).map((tag): Case =>
      refused(`a tensor whose ${tag} is ${name}, checksums right`, () => withField(tag, value), 'invalid-model', 'unsupported-format', ...tag === 'dtype' ? ['read' as const] : []))),
    ...EDGES.map(([name, value]) => bad(`a tensor of ${name} rows`, () => withField('shape', shapeOf(value, 3)))),
    bad('a tensor of 2^32 x 2^32', () => withField('shape', shapeOf(2 ** 32, 2 ** 32))),
    bad('a tensor without a shape', () => withField('shape', undefined)),
    bad('a tensor of 300 axes', () => withField('shape', shapeOf(...Array.from({ length: 300 }, () => 1)))),
    bad('a shape that is no message', () => withField('shape', Uint8Array.of(0xff, 0xff, 0xff))),
    bad('a wrong checksum of the values', () => withField('crc', little(1, 4))),
    bad('a weight that is NaN, checksums right', () => poisoned(NaN)),
    bad('a weight that is infinite, checksums right', () => poisoned(-Infinity)),
    bad('keys in reverse', () => withEntries([...entries].reverse())),
    bad('a key twice', () => withEntries(entries.flatMap((part) => [part, part]))),
    bad('no header', () => withEntries(entries.slice(1))),
    bad('an empty index', () => withEntries([])),
    refused('no index', put(INDEX, null), 'unsupported-format'),
    bad('no shard', put(SHARD, null)),
    bad('a shard that is empty', put(SHARD, new Uint8Array())),
    bad('a shard that is cut off', put(SHARD, shard.slice(0, shard.length - 5))),
    bad('a shard with a flipped bit', put(SHARD, written(shard, 10, [shard[10]! ^ 1]))),
    refused('no graph', put(MODEL, null), 'unsupported-format'),
    refused('a graph that is empty', put(MODEL, new Uint8Array()), 'invalid-model', 'read'),
    refused('a graph that is cut off', put(MODEL, model.slice(0, model.length >> 1)), 'invalid-model', 'read'),
    refused('a graph of messages 100,000 deep', () => put(MODEL, deep(100_000)), 'invalid-model', 'read', 'limit-exceeded'),
    refused('a second shard that the index does not know', zipOf([...filesOf(GOOD), { name: 'variables/variables.data-00001-of-00002', content: shard }]), 'invalid-model', 'read'),
  ]
}

/** A message in a message in a message. */
function deep (levels: number): Uint8Array {
  const heads: Uint8Array[] = []
  let size = 0
  for (let level = 0; level < levels; level++) {
    const head = joined([0x12], varint(size))
    heads.push(head)
    size += head.length
  }
  return joined(...heads.reverse())
}
