/** Tables that lie: footers and pages of Parquet whose numbers are not true, and text that is no CSV. */
import { readFileSync } from 'node:fs'
import { joined, little, utf8 } from '../../fuzz/containers/container.ts'
import { footerOf, thrift, withFooter } from '../../fuzz/containers/parquet.ts'
import { pathOf } from '../../support/fixtures.ts'
import { cuts, lies, refused, strangers, type Case } from '../case.ts'

const fixture = (name: string): Uint8Array => new Uint8Array(readFileSync(pathOf(`test/fixtures/tables/${name}`)))

const EDGES: ReadonlyArray<readonly [string, bigint]> = [['0', 0n], ['-1', 1n], ['2^31 - 1', 2n ** 32n - 2n], ['2^62', 2n ** 63n], ['-2^63', 2n ** 64n - 1n]]

/** Every number of the footer, in groups, is another: rows, sizes, places, types and codecs alike. Each is changed alone. */
function footerCases (file: Uint8Array): Case[] {
  const footer = thrift(footerOf(file))!
  const numbers = footer.parts.flatMap(({ content }, index) => typeof content === 'bigint' ? [index] : [])
  return EDGES.flatMap(([name, value]) => numbers.filter((_, place) => place % 3 === 0).map((index): Case => ({
    name: `number ${index} of the footer is ${name}`,
    outcomes: ['invalid-dataset', 'limit-exceeded', 'unsupported-format', 'read'],
    make: () => withFooter(file, footer.close(footer.parts.map((part, other) => other === index ? { label: part.label, content: value } : part))),
  })))
}

export function parquetCases (): Case[] {
  const good = fixture('pages.parquet')
  const split = fixture('split.parquet')
  const footer = footerOf(good)
  const bad = (name: string, file: Uint8Array): Case => refused(name, file, 'invalid-dataset')
  return [
    refused('the sound file', good, 'read'),
    refused('the footer written again', withFooter(good, thrift(footer)!.close(thrift(footer)!.parts)), 'read'),
    ...cuts(good, { 'within its magic number': 6, 'within its first page': 40, 'in the middle': good.length >> 1, 'before the footer': good.length - 8 - footer.length, 'within the footer': good.length - 20, 'one byte before its end': good.length - 1 }, 'invalid-dataset'),
    ...lies(good, [{ what: 'the length of the footer', at: good.length - 8, width: 4 }], ['invalid-dataset']),
    ...footerCases(split),
    bad('a footer of nothing', withFooter(good, new Uint8Array())),
    bad('a footer of zeros', withFooter(good, new Uint8Array(200))),
    bad('a footer of structs, 1,000 deep', withFooter(good, new Uint8Array(1000).fill(0x1c))),
    bad('a footer of lists, 1,000 deep', withFooter(good, joined([0x19], new Uint8Array(1000).fill(0x19)))),
    bad('a footer with a list of 2^32 structs', withFooter(good, joined([0x29, 0xfc, 0xff, 0xff, 0xff, 0xff, 0x0f]))),
    bad('a footer with a text of 2^60 bytes', withFooter(good, joined([0x18, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f]))),
    bad('a footer with a number of 80 bits', withFooter(good, joined([0x15], new Uint8Array(11).fill(0xff), [1]))),
    bad('a footer cut off, its length right', withFooter(good, footer.slice(0, footer.length >> 1))),
    bad('zeros in place of the pages', joined(good.subarray(0, 4), new Uint8Array(good.length - footer.length - 12), footer, little(footer.length, 4), utf8('PAR1'))),
    bad('ones in place of the pages', joined(good.subarray(0, 4), new Uint8Array(good.length - footer.length - 12).fill(255), footer, little(footer.length, 4), utf8('PAR1'))),
    ...['snappy', 'gzip', 'zstd', 'none', 'version2', 'lists'].map((name) => {
      const file = fixture(`${name}.parquet`)
      const end = file.length - 8 - footerOf(file).length
      const middle = (4 + end) >> 1
      return refused(`${name}: pages with zeros in the middle`, joined(file.subarray(0, middle), new Uint8Array(64), file.subarray(middle + 64)), 'invalid-dataset', 'read')
    }),
    bad('two groups of the same pages', sharedPages(split)),
    refused('encrypted', joined(utf8('PARE'), good.subarray(4, -4), utf8('PARE')), 'unsupported-format'),
  ]
}

/** Every place of a column in the second half of the footer is that of the first: what is a place is told by its size. */
function sharedPages (file: Uint8Array): Uint8Array {
  const footer = thrift(footerOf(file))!
  // zigzag: a place p is written as 2 p; pages begin at 4.
  const first = 8n
  const places = footer.parts.flatMap(({ content }, index) => typeof content === 'bigint' && content > 16n && content % 2n === 0n && content < BigInt(2 * file.length) ? [index] : [])
  return withFooter(file, footer.close(footer.parts.map((part, index) => places.slice(-6).includes(index) ? { label: part.label, content: first } : part)))
}

export function csvCases (): Case[] {
  const good = fixture('plain.csv')
  const bad = (name: string, text: string | Uint8Array): Case => refused(name, typeof text === 'string' ? utf8(text) : text, 'invalid-dataset')
  return [
    refused('the sound file', good, 'read'),
    ...strangers('unsupported-format', 'invalid-dataset'),
    bad('only a header', 'a,b,y\n'),
    refused('one column', utf8('y\n1\n2\n'), 'unsupported-format'),
    bad('a row of fewer fields', 'a,b,y\n1,2,3\n1,2\n'),
    bad('a row of more fields', 'a,b,y\n1,2,3\n1,2,3,4\n'),
    bad('an empty field', 'a,b,y\n1,,3\n'),
    bad('a text among numbers', 'a,b,y\n1,x,3\n'),
    bad('a decimal comma', 'a;b;y\n1,5;2;3\n'),
    bad('a hexadecimal number', 'a,b,y\n0x10,2,3\n'),
    bad('two targets', 'a,y,label\n1,2,3\n'),
    bad('two columns of one name', 'a,a,y\n1,2,3\n'),
    bad('a column without a name', ',a,y\n1,2,3\n'),
    bad('targets of two kinds', 'a,y\n1,2\n1,cat\n'),
    bad('a quote that is never closed', 'a,b,y\n"1,2,3\n'),
    bad('a quote within a field', 'a,b,y\n1"2,3,4\n'),
    bad('text behind a quote', 'a,b,y\n"1"2,3,4\n'),
    refused('no UTF-8 at the front', joined(utf8('a,b,y\n1,2,'), [0xff, 0xfe], utf8('\n')), 'unsupported-format'),
    bad('no UTF-8 far behind', joined(utf8(`a,b,y\n${'1,2,3\n'.repeat(20_000)}1,2,`), [0xff, 0xfe], utf8('\n'))),
    refused('UTF-16', Uint8Array.from(Buffer.from('\ufeffa,b,y\n1,2,3\n', 'utf16le')), 'unsupported-format'),
    refused('a record of 5 MB', () => utf8(`a,b,y\n"${'x'.repeat(5_000_000)}`), 'limit-exceeded', 'invalid-dataset'),
    refused('100,000 columns', () => utf8(`${Array.from({ length: 100_000 }, (_, index) => `c${index}`).join()}\n`), 'limit-exceeded', 'unsupported-format'),
    refused('70,000 classes', () => utf8(`a,y\n${Array.from({ length: 70_000 }, (_, index) => `1,class${index}\n`).join('')}`), 'limit-exceeded'),
    refused('a class of 1,000 letters', utf8(`a,y\n1,${'x'.repeat(1000)}\n`), 'limit-exceeded'),
    refused('names of the prototype', utf8('__proto__,constructor,y\n1,2,toString\n'), 'read'),
    refused('a number that is no finite one', utf8('a,y\n1e999,1\n'), 'read'),
    refused('a million line feeds', () => utf8(`a,y\n${'\n'.repeat(1_000_000)}1,2\n`), 'read'),
    refused('a million quotes', () => utf8(`a,y\n"${'""'.repeat(500_000)}",2\n`), 'invalid-dataset'),
  ]
}
