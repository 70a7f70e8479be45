/** HDF5 files that lie: addresses that go round in circles, sizes of other worlds, and data that claim more than is there. */
import { readFileSync } from 'node:fs'
import { deflateSync } from 'node:zlib'
import { little } from '../../fuzz/containers/container.ts'
import { withChecksum } from '../../fuzz/repair.ts'
import { outcomeOf, readWholeHdf5 } from '../../fuzz/read-whole.ts'
import { pathOf } from '../../support/fixtures.ts'
import { cuts, lies, placeOf, refused, strangers, written, type Case, type NumberPlace } from '../case.ts'
import { fileOf, groupOf } from './hdf5-files.ts'

const fixture = (name: string): Uint8Array => new Uint8Array(readFileSync(pathOf(`test/fixtures/hdf5/${name}.h5`)))

/** Old structures have no checksums, new ones do. */
const [OLD, NEW] = [fixture('few-chunks'), fixture('few-chunks-latest')]

const REFUSED = ['invalid-model', 'unsupported-format', 'limit-exceeded'] as const

const tree = placeOf(OLD, 'TREE')
const snod = placeOf(OLD, 'SNOD')
const heap = placeOf(OLD, 'HEAP')

const OLD_PLACES: readonly NumberPlace[] = [
  { what: 'the size of addresses', at: 13, width: 1 }, { what: 'the size of lengths', at: 14, width: 1 }, { what: 'the end of the file', at: 40, width: 8 },
  { what: 'the address of the root', at: 64, width: 8 }, { what: 'the number of children', at: tree + 6, width: 2 }, { what: 'the address of a child', at: tree + 32, width: 8 },
  { what: 'the level of a tree', at: tree + 5, width: 1 }, { what: 'the number of symbols', at: snod + 6, width: 2 }, { what: 'the place of a name', at: snod + 8, width: 8 },
  { what: 'the address of an object', at: snod + 16, width: 8 }, { what: 'the size of a heap', at: heap + 8, width: 8 }, { what: 'the address of a heap\'s content', at: heap + 24, width: 8 },
]

const NEW_PLACES: readonly NumberPlace[] = [
  { what: 'the root in a new superblock', at: 36, width: 8 }, { what: 'the flags of an object header', at: placeOf(NEW, 'OHDR') + 5, width: 1 },
  ...['FRHP', 'FHDB', 'BTHD', 'BTLF', 'FAHD', 'FADB', 'EAHD', 'EAIB'].filter((name) => Buffer.from(NEW).includes(name)).flatMap((name): NumberPlace[] => {
    const at = placeOf(NEW, name)
    return [{ what: `the numbers behind the version of ${name}`, at: at + 5, width: 4 }, { what: `the numbers at byte 10 of ${name}`, at: at + 10, width: 8 }]
  }),
]

/** Checksums are put right as long as one is what stops the reader. */
async function repaired (bytes: Uint8Array): Promise<Uint8Array> {
  for (let left = 12, now = bytes; ; left--) {
    const { error } = await outcomeOf(readWholeHdf5, now)
    const next = error === undefined || left === 0 ? undefined : withChecksum(now, error)
    if (next === undefined) return now
    now = next
  }
}

const flipped = (at: number): Uint8Array => written(NEW, at, [NEW[at]! ^ 1])

export function hdf5Cases (): Case[] {
  const bad = (name: string, file: Uint8Array): Case => refused(name, file, 'invalid-model')
  return [
    ...strangers('invalid-model'),
    ...cuts(OLD, { 'within the signature': 5, 'within the superblock': 50, 'before the first object header': 96, 'before the B-tree': tree, 'within the B-tree': tree + 20, 'before the heap': heap, 'in the middle': OLD.length >> 1, 'one byte before its end': OLD.length - 1 }, 'invalid-model'),
    ...cuts(NEW, { 'within a new superblock': 40, 'within a new object header': placeOf(NEW, 'OHDR') + 8, 'in the middle of a new file': NEW.length >> 1 }, 'invalid-model'),
    ...lies(OLD, OLD_PLACES, [...REFUSED, 'read']),
    ...lies(NEW, NEW_PLACES, [...REFUSED, 'read']).map((one) => ({ ...one, name: `${one.name}, checksum right`, make: async () => await repaired(await one.make()) })),
    refused('a sound file of one dataset, made by hand', fileOf({}), 'read'),
    refused('a sound file of one chunk, made by hand', fileOf({ chunk: [4], deflated: deflateSync(new Uint8Array(16)) }), 'read'),
    refused('a sound file of two names for one dataset', groupOf(2, {}), 'read'),
    bad('a wrong checksum of the superblock', flipped(30)),
    bad('a wrong checksum of an object header', flipped(placeOf(NEW, 'OHDR') + 10)),
    bad('a B-tree that is its own child', written(written(OLD, tree + 5, [1]), tree + 32, little(tree, 8))),
    bad('a B-tree whose child is the symbol table', written(written(OLD, tree + 5, [1]), tree + 32, little(snod, 8))),
    refused('a group that contains itself', fixture('cycle'), 'invalid-model'),
    bad('an object that is the superblock', written(OLD, snod + 16, little(0, 8))),
    bad('two objects of one name', written(OLD, snod + 48, OLD.subarray(snod + 8, snod + 16))),
    ...['', '.', 'a/b'].map((name) => bad(`an object of the name ${JSON.stringify(name)}`, fileOf({ name }))),
    bad('a message of a size beyond its header', fileOf({ message: [3, 0xfff0] })),
    bad('a header of 2^32 - 16 bytes', fileOf({ headerSize: 0xfffffff0 })),
    bad('a continuation that is its own', fileOf({ continuation: 'itself' })),
    bad('a continuation far outside', fileOf({ continuation: 2 ** 52 })),
    bad('a dataset without a layout', fileOf({ without: 8 })),
    bad('a dataset without a type', fileOf({ without: 3 })),
    bad('a shape of 2^62 elements', fileOf({ shape: [2 ** 31, 2 ** 31] })),
    bad('a shape that multiplies to 2^64 + 4', fileOf({ shape: [4, 2 ** 62 + 2 ** 10] })),
    bad('a shape of one element more', fileOf({ shape: [5] })),
    bad('33 axes', fileOf({ shape: Array.from({ length: 33 }, () => 1) })),
    bad('an element of 0 bytes', fileOf({ elementSize: 0 })),
    bad('an element of 2^31 bytes', fileOf({ elementSize: 2 ** 31 })),
    bad('data far outside', fileOf({ data: 2 ** 52 })),
    bad('data at the last address', fileOf({ data: 2 ** 53 - 1 })),
    bad('a terabyte of fill values', fileOf({ shape: [2 ** 38], data: 'none' })),
    bad('128 MiB of fill values', fileOf({ shape: [2 ** 25], data: 'none' })),
    bad('a thousand names of 32 MiB of fill values', groupOf(1000, { shape: [2 ** 23], data: 'none' })),
    bad('chunks of 0 elements', fileOf({ chunk: [0] })),
    bad('a chunk of 4 GiB', fileOf({ shape: [2 ** 30], chunk: [2 ** 30], deflated: deflateSync(new Uint8Array(100)) })),
    bad('a chunk that inflates to more', fileOf({ chunk: [4], deflated: deflateSync(new Uint8Array(2 ** 20)) })),
    bad('a chunk that inflates to less', fileOf({ chunk: [4], deflated: deflateSync(new Uint8Array(15)) })),
    bad('a chunk that is no deflate', fileOf({ chunk: [4], deflated: new Uint8Array(30).fill(7) })),
    bad('a chunk that inflates to 1 MiB out of 30 bytes', fileOf({ shape: [2 ** 18], chunk: [2 ** 18], deflated: deflateSync(new Uint8Array(8)) })),
    bad('a million chunks of one element', fileOf({ shape: [2 ** 21], chunk: [1], deflated: new Uint8Array(9) })),
    bad('a row of chunks that is the whole of 1 GiB', fileOf({ shape: [2, 2 ** 27], chunk: [2, 2 ** 10], deflated: new Uint8Array(2 ** 20) })),
    bad('chunks of another rank', fileOf({ chunk: [2, 2] })),
    refused('an unknown filter', fileOf({ chunk: [4], deflated: new Uint8Array(9), filter: 32_015 }), 'unsupported-format'),
  ]
}
