/** Zip archives that lie: entries over entries, two names for one, sizes of other worlds, and the tricks of zip64. */
import { deflateRawSync } from 'node:zlib'
import { joined, little, utf8 } from '../../fuzz/containers/container.ts'
import { zip64End, zip64Extra, zipOf, type ZipFile } from '../../fuzz/containers/zip.ts'
import { cuts, lies, placeOf, refused, strangers, written, type Case } from '../case.ts'

const TEXT = utf8('two households, both alike in dignity')
const FILES: readonly ZipFile[] = [{ name: 'a.txt', content: TEXT }, { name: 'b.txt', content: TEXT, deflate: true }]
const GOOD = zipOf(FILES)
const LOCAL_B = placeOf(GOOD, 'PK\x03\x04', 4)
const DIRECTORY = placeOf(GOOD, 'PK\x01\x02')
const RECORD_B = placeOf(GOOD, 'PK\x01\x02', DIRECTORY + 4)
const END = placeOf(GOOD, 'PK\x05\x06')
const MAX32 = 0xffffffff

const named = (name: string | Uint8Array): Uint8Array => zipOf([{ name, content: TEXT }])
const one = (file: Partial<ZipFile>): Uint8Array => zipOf([{ name: 'a.txt', content: TEXT, ...file }])
const bad = (name: string, file: Uint8Array): Case => refused(name, file, 'invalid-model')

export function zipCases (): Case[] {
  return [
    ...strangers('invalid-model'),
    ...cuts(GOOD, { 'within a local header': 20, 'within a name': 32, 'within content': 50, 'before the second entry': LOCAL_B, 'before the directory': DIRECTORY, 'within the directory': RECORD_B + 10, 'before the end record': END, 'within the end record': GOOD.length - 1 }, 'invalid-model'),
    ...lies(GOOD, [
      { what: 'the number of entries', at: END + 10, width: 2 }, { what: 'the size of the directory', at: END + 12, width: 4 }, { what: 'the place of the directory', at: END + 16, width: 4 },
      { what: 'the length of the comment', at: END + 20, width: 2 },
    ], ['invalid-model', 'limit-exceeded', 'read']),
    ...lies(GOOD, [
      { what: 'the size of a stored entry', at: DIRECTORY + 24, width: 4 }, { what: 'the compressed size of a stored entry', at: DIRECTORY + 20, width: 4 }, { what: 'the size of a deflated entry', at: RECORD_B + 24, width: 4 },
      { what: 'the compressed size of a deflated entry', at: RECORD_B + 20, width: 4 }, { what: 'the checksum', at: RECORD_B + 16, width: 4 }, { what: 'the length of a name', at: RECORD_B + 28, width: 2 },
      { what: 'the place of the last entry', at: RECORD_B + 42, width: 4 }, { what: 'the length of a name in the local header', at: LOCAL_B + 26, width: 2 },
    ], ['invalid-model', 'limit-exceeded']),
    bad('a name that leads out', named('../a.txt')),
    bad('a name that leads out in its middle', named('a/../../b.txt')),
    bad('a name from the root', named('/etc/passwd')),
    bad('a name with a drive', named('C:/a.txt')),
    bad('a name with backslashes', named('..\\a.txt')),
    bad('a name with NUL', named('a.txt\0.png')),
    bad('a name of no letters', named('')),
    bad('a name of 2,000 bytes', named('a'.repeat(2000))),
    bad('the same name twice', zipOf([{ name: 'a', content: TEXT }, { name: 'a', content: utf8('other') }])),
    bad('two names that are the same after decoding', zipOf([{ name: Uint8Array.of(0xff), content: TEXT }, { name: Uint8Array.of(0xfe), content: TEXT }])),
    bad('another name in the local header', one({ localName: 'b.txt' })),
    bad('another compression in the local header', one({ localMethod: 8 })),
    bad('a folder with content', one({ name: 'a/' })),
    bad('an encrypted entry', one({ flags: 1 })),
    bad('strong encryption', one({ flags: 0x41 })),
    bad('LZMA', one({ method: 14 })),
    bad('an unknown compression', one({ method: 0xffff })),
    bad('a checksum of other content', one({ crc: 1 })),
    bad('deflate that is none', one({ deflate: true, stored: TEXT })),
    bad('deflate without an end', one({ deflate: true, stored: deflateRawSync(TEXT).subarray(0, 10) })),
    bad('deflate of nothing', one({ deflate: true, stored: new Uint8Array() })),
    bad('more content than declared', one({ deflate: true, size: 5 })),
    bad('less content than declared', one({ deflate: true, size: 38 })),
    bad('two entries in the same place', zipOf([{ name: 'a.txt', content: TEXT }, { name: 'b.txt', content: TEXT, offset: 0 }])),
    bad('an entry within another', zipOf([{ name: 'a.txt', content: TEXT }, { name: 'b.txt', content: utf8('x'), offset: 1 }])),
    bad('an entry within the directory', zipOf([{ name: 'a.txt', content: TEXT, offset: 60 }])),
    bad('a thousand entries of one content', zipOf([{ name: 'kernel', content: TEXT }, ...Array.from({ length: 1000 }, (_, index) => ({ name: `${index}`, content: TEXT, stored: new Uint8Array(), offset: 0 }))])),
    bad('zip64 sizes without the field', one({ size: MAX32, compressed: MAX32 })),
    bad('a zip64 field cut short', one({ size: MAX32, compressed: MAX32, extra: zip64Extra(37) })),
    bad('a zip64 size of 2^64 - 1', one({ size: MAX32, compressed: MAX32, extra: zip64Extra(2n ** 64n - 1n, 37) })),
    bad('a zip64 size of 2^53 - 1', one({ size: MAX32, compressed: MAX32, extra: zip64Extra(2 ** 53 - 1, 2 ** 53 - 1) })),
    bad('a zip64 place of 2^53 - 1', one({ offset: MAX32, extra: zip64Extra(2 ** 53 - 1) })),
    bad('a zip64 field that claims more than there is', one({ size: MAX32, compressed: MAX32, extra: joined(little(1, 2), little(0xffff, 2), little(37, 8)) })),
    bad('a ratio that deflate does not reach', one({ deflate: true, size: 2 ** 30 })),
    bad('zip64 records that name a directory far outside', zipOf(FILES, { offset: MAX32, before: ({ entries, size, offset }) => zip64End({ entries, size, offset: 2 ** 52 }, offset + size) })),
    bad('zip64 records with 2^48 entries', zipOf(FILES, { entries: 0xffff, before: ({ size, offset }) => zip64End({ entries: 2 ** 48, size, offset }, offset + size) })),
    bad('zip64 records that wrap around 2^64', zipOf(FILES, { offset: MAX32, before: ({ entries, size, offset }) => zip64End({ entries, size: 2n ** 64n - 1n, offset: 2 }, offset + size) })),
    bad('a zip64 locator that points to itself', zipOf(FILES, { offset: MAX32, before: ({ entries, size, offset }) => zip64End({ entries, size, offset }, offset + size + 56) })),
    bad('an end record of several parts', written(GOOD, END + 4, [1, 0])),
    bad('entries of two counts', written(GOOD, END + 8, [1, 0])),
  ]
}
