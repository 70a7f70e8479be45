/** Recipes that lie: texts that grow, keys of the prototype, values of other kinds. */
import { joined, utf8 } from '../../fuzz/containers/container.ts'
import { refused, type Case } from '../case.ts'

const TEXTS: ReadonlyArray<readonly [string, string]> = [
  ['nothing', ''], ['null', 'null'], ['a number', '7'], ['a list', '[]'], ['a text', '"magnitude"'], ['an empty object', '{}'], ['JSON cut off', '{"method":"magnitude","target":{"spars'],
  ['YAML with a tab', 'method: magnitude\n\ttarget: 1'], ['two documents', 'method: magnitude\n---\nmethod: magnitude\n'], ['a key twice', '{"method":"magnitude","method":"evaluate"}'],
  ['no method', '{"target":{"sparsity":0.5}}'], ['an unknown method', '{"method":"magnitud"}'], ['a method of every object', '{"method":"constructor"}'], ['a method that is an object', '{"method":{}}'], ['a method that is the prototype', '{"method":"__proto__"}'],
  ['an unknown key', '{"method":"magnitude","targets":1}'], ['a key of the prototype', '{"method":"magnitude","target":{"sparsity":0.5},"__proto__":{"seed":1}}'], ['a constructor', '{"method":"magnitude","target":{"sparsity":0.5},"constructor":{"prototype":{"x":1}}}'],
  ['a sparsity of 2', '{"method":"magnitude","target":{"sparsity":2}}'], ['a sparsity below 0', '{"method":"magnitude","target":{"sparsity":-0.5}}'], ['a sparsity that is NaN', 'method: magnitude\ntarget: {sparsity: .nan}'],
  ['a sparsity that is infinite', '{"method":"magnitude","target":{"sparsity":1e999}}'], ['a sparsity that is a text', '{"method":"magnitude","target":{"sparsity":"0.5"}}'], ['a sparsity that is a list', '{"method":"magnitude","target":{"sparsity":[0.5]}}'],
  ['two targets', '{"method":"magnitude","target":{"sparsity":0.5,"threshold":1}}'], ['an epoch below 0', '{"method":"gradual","target":{"sparsity":0.5},"training":{"epochs":-1}}'], ['2^53 + 1 epochs', '{"method":"gradual","target":{"sparsity":0.5},"training":{"epochs":9007199254740993}}'],
  ['layers that are no list', '{"method":"magnitude","target":{"sparsity":0.5},"layers":{}}'], ['a glob of 100,000 stars', `{"method":"magnitude","target":{"sparsity":0.5},"layers":[{"match":"${'*'.repeat(100_000)}"}]}`],
  ['stages', '{"method":"magnitude","target":{"sparsity":0.5},"stages":[{}]}'], ['a seed of a fraction', '{"method":"magnitude","target":{"sparsity":0.5},"seed":0.5}'], ['n:m of nothing', '{"method":"magnitude","granularity":{"type":"n:m","n":0,"m":0}}'],
  ['a tag of code', 'method: !!js/function "function () {}"\n'], ['bytes', 'method: !!binary aGVsbG8=\n'], ['a merge of itself', 'a: &a {<<: *a}\nmethod: magnitude\n'], ['an alias of nobody', 'method: *nobody\n'],
  ['keys that are lists', '? [a, b]\n: 1\n'], ['a billion laughs', `a0: &a0 [x, x, x, x, x, x, x, x, x]\n${Array.from({ length: 9 }, (_, index) => `a${index + 1}: &a${index + 1} [${Array.from({ length: 9 }, () => `*a${index}`).join(', ')}]`).join('\n')}\nmethod: *a9\n`],
]

export function recipeCases (): Case[] {
  return [
    refused('a sound one', utf8('{"method":"magnitude","target":{"sparsity":0.5}}'), 'read'),
    ...TEXTS.map(([name, text]) => refused(name, utf8(text), 'invalid-recipe')),
    refused('no UTF-8', joined([0xff, 0xfe], utf8('method: magnitude')), 'invalid-recipe'),
    refused('lists 100,000 deep', () => utf8('['.repeat(100_000)), 'invalid-recipe'),
    refused('objects 20,000 deep', () => utf8(`${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}`), 'invalid-recipe'),
    refused('dashes 20,000 deep', () => utf8('- '.repeat(20_000)), 'invalid-recipe'),
    refused('lines indented 2,000 deep', () => utf8(Array.from({ length: 600 }, (_, depth) => `${' '.repeat(depth)}a:`).join('\n')), 'invalid-recipe'),
    refused('1 MB', () => utf8(`method: ${'x'.repeat(2 ** 20)}`), 'invalid-recipe'),
    refused('50,000 keys', () => utf8(`{${Array.from({ length: 20_000 }, (_, index) => `"k${index}":1`).join()}}`), 'invalid-recipe'),
    refused('20,000 layers', () => utf8(`{"method":"magnitude","target":{"sparsity":0.5},"layers":[${Array.from({ length: 20_000 }, () => '{}').join()}]}`), 'invalid-recipe'),
    refused('200 KB of colons', () => utf8(': '.repeat(100_000)), 'invalid-recipe'),
    refused('200 KB of ampersands', () => utf8('&a '.repeat(60_000)), 'invalid-recipe'),
    refused('200 KB of question marks', () => utf8('? \n'.repeat(60_000)), 'invalid-recipe'),
    refused('200 KB of quotes', () => utf8('"\n'.repeat(100_000)), 'invalid-recipe'),
    refused('200 KB of comments', () => utf8('#\n'.repeat(100_000)), 'invalid-recipe'),
    refused('200 KB of documents', () => utf8('---\n'.repeat(50_000)), 'invalid-recipe'),
    refused('200 KB of percent signs', () => utf8('%a\n'.repeat(60_000)), 'invalid-recipe'),
  ]
}
