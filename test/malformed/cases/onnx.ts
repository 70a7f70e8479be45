/** ONNX files that lie: messages in messages, lengths of other worlds, and data in files that are somewhere else. */
import { readFileSync } from 'node:fs'
import { utf8 } from '../../fuzz/containers/container.ts'
import { fileIn, withFile } from '../../fuzz/containers/zip.ts'
import { pathOf } from '../../support/fixtures.ts'
import { external, field, file, floats, integer, node, tensor, varint } from '../../unit/models/onnx-helpers.ts'
import { cuts, placeOf, refused, type Case } from '../case.ts'

const fixture = (name: string): Uint8Array => new Uint8Array(readFileSync(pathOf(`test/fixtures/onnx/${name}`)))

const EDGES: ReadonlyArray<readonly [string, bigint]> = [['2^31', 2n ** 31n], ['2^32 - 1', 2n ** 32n - 1n], ['2^53 - 1', 2n ** 53n - 1n], ['2^63', 2n ** 63n], ['2^64 - 1', 2n ** 64n - 1n]]

/** A message in a message in a message, each of the field `number`. */
function deep (number: number, levels: number): number[] {
  const heads: number[][] = []
  let size = 0
  for (let level = 0; level < levels; level++) {
    heads.push([...varint(number * 8 + 2), ...varint(size)])
    size += heads.at(-1)!.length
  }
  return heads.reverse().flat()
}

export function onnxCases (): Case[] {
  const good = fixture('convolutions.onnx')
  const zipped = fixture('external.zip')
  const bad = (name: string, bytes: Uint8Array): Case => refused(name, bytes, 'invalid-model')
  const withTensor = (changes: Parameters<typeof tensor>[0]): Uint8Array => file({ tensors: [tensor(changes)] })
  const withData = (...entries: Parameters<typeof external>): Uint8Array => withFile(zipped, 'net/model.onnx', withTensor({ data: external(...entries) }))
  return [
    refused('the sound file', good, 'read'),
    refused('a sound file made by hand', file(), 'read'),
    ...cuts(good, { 'within its version': 1, 'within the graph\'s length': placeOf(good, Uint8Array.of(0x3a)) + 1, 'within the graph': good.length >> 2, 'in the middle': good.length >> 1, 'one byte before its end': good.length - 1 }, 'invalid-model', 'unsupported-format'),
    ...EDGES.map(([name, value]) => bad(`a graph of ${name} bytes`, Uint8Array.from([...integer(1, 8), ...field(7, [], value)]))),
    ...EDGES.map(([name, value]) => bad(`a node of ${name} bytes`, file({ nodes: [], more: field(1, [], value) }))),
    ...EDGES.map(([name, value]) => bad(`raw data of ${name} bytes`, withTensor({ data: field(9, floats(1, 2, 3, 4), value) }))),
    ...EDGES.map(([name, value]) => bad(`a tensor with an axis of ${name}`, withTensor({ dims: [value, 2] }))),
    bad('a tensor of 2^32 x 2^32', withTensor({ dims: [2 ** 32, 2 ** 32] })),
    refused('a tensor of 1,000 axes', withTensor({ dims: Array.from({ length: 1000 }, () => 1) }), 'invalid-model', 'limit-exceeded'),
    bad('a tensor of fewer numbers than its shape', withTensor({ dims: [2, 3] })),
    bad('a tensor of more numbers than its shape', withTensor({ dims: [1, 2] })),
    refused('a tensor of an unknown type', withTensor({ type: 77 }), 'invalid-model', 'unsupported-format', 'read'),
    bad('a weight that is NaN', withTensor({ data: field(9, floats(1, NaN, 3, 4)) })),
    bad('a weight that is infinite', withTensor({ data: field(9, floats(1, 2, 3, Infinity)) })),
    bad('a weight twice', file({ tensors: [tensor(), tensor()] })),
    bad('two graphs', file({ tail: field(7, []) })),
    bad('a varint of eleven bytes', file({ more: [8, ...Array.from({ length: 11 }, () => 0xff), 1] })),
    bad('a field of the number 0', file({ more: [0, 0] })),
    bad('a group that does not end', file({ more: [0x0b] })),
    bad('a name that is no UTF-8', withTensor({ data: [...field(9, floats(1, 2, 3, 4)), ...field(8, [0xff, 0xfe])] })),
    refused('attributes 50,000 deep', file({ nodes: [node({ more: deep(5, 50_000) })] }), 'invalid-model', 'limit-exceeded', 'read'),
    refused('graphs in graphs, 50,000 deep', Uint8Array.from([...integer(1, 8), ...deep(7, 50_000)]), 'invalid-model', 'limit-exceeded', 'read'),
    refused('300,000 nodes of no bytes', file({ nodes: Array.from({ length: 300_000 }, () => []) }), 'limit-exceeded'),
    refused('300,000 tensors of no bytes', file({ tensors: Array.from({ length: 300_000 }, () => []) }), 'limit-exceeded', 'invalid-model'),
    refused('a name of 10,000 letters', withTensor({ name: 'x'.repeat(10_000) }), 'invalid-model', 'limit-exceeded'),
    refused('the sound file with external data', zipped, 'read'),
    ...cuts(zipped, { 'in the middle of the archive': zipped.length >> 1, 'before the end record': placeOf(zipped, 'PK\x05\x06') }, 'invalid-model'),
    bad('data in a file that is missing', withData({ location: 'none.bin' })),
    bad('data in a file that leads out', withData({ location: '../../etc/passwd' })),
    bad('data in a file from the root', withData({ location: '/etc/passwd' })),
    bad('data in the model itself', withData({ location: 'model.onnx', offset: '0', length: '16' })),
    bad('data from an offset past the file', withData({ location: 'weights.bin', offset: '1000000', length: '16' })),
    bad('data from an offset of 2^64', withData({ location: 'weights.bin', offset: '18446744073709551616', length: '16' })),
    bad('data from an offset below 0', withData({ location: 'weights.bin', offset: '-16', length: '16' })),
    bad('data of another length than the shape', withData({ location: 'weights.bin', offset: '0', length: '12' })),
    bad('data of a length that is no number', withData({ location: 'weights.bin', offset: '0', length: '0x10' })),
    bad('data that are cut off', withFile(zipped, 'net/weights.bin', fileIn(zipped, 'net/weights.bin').slice(0, 100))),
    bad('external data in a file without an archive', withTensor({ data: external({ location: 'weights.bin' }) })),
    refused('a model that is JSON', utf8('{"irVersion": 8, "graph": {}}'), 'unsupported-format'),
  ]
}
