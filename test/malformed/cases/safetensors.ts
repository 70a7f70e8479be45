/** safetensors files that lie, alone and as shards. */
import { readFileSync } from 'node:fs'
import { bytesOf, joined, little, utf8 } from '../../fuzz/containers/container.ts'
import { safetensors, safetensorsOf } from '../../fuzz/containers/safetensors.ts'
import { fileIn, filesOf, withFile, zipOf } from '../../fuzz/containers/zip.ts'
import { pathOf } from '../../support/fixtures.ts'
import { cuts, lies, placeOf, refused, strangers, written, type Case } from '../case.ts'
import { jsonCases } from './json.ts'

const fixture = (name: string): Uint8Array => new Uint8Array(readFileSync(pathOf(`test/fixtures/safetensors/${name}`)))

const DATA = new Uint8Array(16)
const of = (header: unknown, data: Uint8Array = DATA): Uint8Array => safetensorsOf(utf8(typeof header === 'string' ? header : JSON.stringify(header)), data)
const tensor = (changes: object): Uint8Array => of({ 'a.w': { dtype: 'F32', shape: [2, 2], data_offsets: [0, 16], ...changes } })
const floats = (...values: number[]): Uint8Array => new Uint8Array(Float32Array.from(values).buffer)

export function safetensorsCases (): Case[] {
  const good = fixture('plain.safetensors')
  const [header, data] = safetensors(good)!.parts.map(bytesOf) as [Uint8Array, Uint8Array]
  const bad = (name: string, file: Uint8Array): Case => refused(name, file, 'invalid-model')
  return [
    refused('the sound file', good, 'read'),
    ...strangers('unsupported-format', 'invalid-model'),
    ...cuts(good, { 'within the length': 5, 'within the header': 8 + (header.length >> 1), 'behind the header': 8 + header.length, 'one byte before its end': good.length - 1 }, 'invalid-model', 'unsupported-format'),
    ...lies(good, [{ what: 'the length of the header', at: 0, width: 8 }], ['invalid-model', 'unsupported-format', 'limit-exceeded']),
    ...jsonCases('the header', header, (text) => safetensorsOf(text, data), 'invalid-model', 'unsupported-format'),
    bad('a byte behind the data', joined(good, [0])),
    bad('a size of 2^53', tensor({ shape: [2 ** 53] })),
    bad('a size below 0', tensor({ shape: [-4] })),
    bad('sizes that multiply to 2^64 + 4', tensor({ shape: [2 ** 33, 2 ** 31, 4] })),
    bad('offsets in reverse', tensor({ data_offsets: [16, 0] })),
    bad('offsets beyond the data', tensor({ shape: [2 ** 40], data_offsets: [0, 2 ** 42] })),
    bad('offsets that are texts', tensor({ data_offsets: ['0', '16'] })),
    bad('two tensors in one place', of({ a: { dtype: 'F32', shape: [4], data_offsets: [0, 16] }, b: { dtype: 'F32', shape: [4], data_offsets: [0, 16] } })),
    bad('a gap', of({ a: { dtype: 'F32', shape: [1], data_offsets: [0, 4] }, b: { dtype: 'F32', shape: [1], data_offsets: [12, 16] } })),
    bad('a tensor twice', of('{"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16]},"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}}')),
    refused('a dtype of every object', tensor({ dtype: 'toString' }), 'unsupported-format'),
    bad('a weight that is NaN', of({ 'a.weight': { dtype: 'F32', shape: [2, 2], data_offsets: [0, 16] } }, floats(1, 2, NaN, 4))),
    bad('a weight that is infinite', of({ 'a.weight': { dtype: 'F32', shape: [2, 2], data_offsets: [0, 16] } }, floats(1, 2, 3, -Infinity))),
    bad('a half that is NaN', of({ 'a.weight': { dtype: 'F16', shape: [2, 4], data_offsets: [0, 16] } }, written(DATA, 2, [1, 0x7c]))),
  ]
}

const INDEX = 'little/model.safetensors.index.json'

export function shardCases (): Case[] {
  const good = fixture('shards.zip')
  const [index, shards] = [fileIn(good, INDEX), filesOf(good).map(({ name }) => String(name)).filter((name) => name.endsWith('.safetensors'))]
  const first = shards[0]!
  const map = JSON.parse(new TextDecoder().decode(index)) as { weight_map: Record<string, string> }
  const withMap = (edit: (weights: Record<string, unknown>) => void): Uint8Array => {
    const weights: Record<string, unknown> = { ...map.weight_map }
    edit(weights)
    return withFile(good, INDEX, utf8(JSON.stringify({ ...map, weight_map: weights })))
  }
  const [key] = Object.keys(map.weight_map) as [string]
  const bad = (name: string, file: Uint8Array): Case => refused(name, file, 'invalid-model')
  return [
    refused('the sound file', good, 'read'),
    ...cuts(good, { 'within the first entry': 60, 'before the directory': placeOf(good, 'PK\x01\x02'), 'before the end record': placeOf(good, 'PK\x05\x06') }, 'invalid-model'),
    ...jsonCases('the index', index, (text) => withFile(good, INDEX, text), 'invalid-model', 'unsupported-format'),
    refused('no index', withFile(good, INDEX, null), 'invalid-model', 'unsupported-format', 'read'),
    bad('a shard that is missing', withFile(good, first, null)),
    bad('a shard that is empty', withFile(good, first, new Uint8Array())),
    bad('a shard that is cut off', withFile(good, first, fileIn(good, first).slice(0, -1))),
    bad('a shard that is the index', withFile(good, first, index)),
    bad('a shard of a header far longer than it', withFile(good, first, written(fileIn(good, first), 0, little(2 ** 40, 8)))),
    bad('a shard of the same tensors as another', withFile(good, first, fileIn(good, shards[1]!))),
    bad('a tensor in a shard that leads out', withMap((weights) => { weights[key] = `../${first}` })),
    bad('a tensor in a shard that is a number', withMap((weights) => { weights[key] = 7 })),
    bad('a tensor in another shard', withMap((weights) => { weights[key] = Object.values(map.weight_map).find((name) => name !== map.weight_map[key]) })),
    bad('a tensor that is in no shard', withMap((weights) => { weights['x.y'] = first.slice('little/'.length) })),
    bad('a tensor that the index leaves out', withMap((weights) => { delete weights[key] })),
    bad('a shard twice', zipOf([...filesOf(good), filesOf(good).find(({ name }) => name === first)!])),
  ]
}
