/** Texts of JSON that lie, for every format that has one inside. */
import { joined, utf8 } from '../../fuzz/containers/container.ts'
import type { Outcome } from '../../fuzz/read-whole.ts'
import { refused, type Case } from '../case.ts'

/** The text put into a file by `put`; `what` is the part of the file. */
export function jsonCases (what: string, good: Uint8Array, put: (text: Uint8Array) => Uint8Array | Promise<Uint8Array>, ...codes: [Outcome, ...Outcome[]]): Case[] {
  const make = (name: string, text: Uint8Array | string | (() => Uint8Array), ...others: Outcome[]): Case =>
    refused(`${what}: ${name}`, async () => await put(typeof text === 'string' ? utf8(text) : typeof text === 'function' ? text() : text), ...codes, ...others)
  const text = new TextDecoder().decode(good)
  return [
    make('nothing', ''),
    make('cut off', good.slice(0, good.length >> 1)),
    make('a list', '[]'),
    make('null', 'null'),
    make('a text', '"x"'),
    make('an empty object', '{}'),
    make('no UTF-8', joined(good.subarray(0, -1), [0xff, 0x7d])),
    make('UTF-16', Uint8Array.from(Buffer.from(text, 'utf16le'))),
    make('NaN as a word', text.replace(/([:[,] ?)\d+/, '$1NaN')),
    make('something behind it', `${text} {}`),
    make('a million brackets', '['.repeat(1_000_000), 'limit-exceeded'),
    make('objects 100,000 deep', `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`, 'limit-exceeded'),
    make('lists 300 deep', `{"config":${'['.repeat(300)}${']'.repeat(300)}}`, 'limit-exceeded'),
    make('only a prototype', '{"__proto__":{"class_name":"Sequential","config":{"layers":[]}}}'),
    make('five million lists', () => utf8(`{"config":[${'[],'.repeat(5_000_000)}[]]}`), 'limit-exceeded'),
  ]
}
