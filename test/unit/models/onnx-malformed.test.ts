/** ONNX files that lie: every damage is an error with a code that names the place, found before anything large is read or allocated. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { EspalierError } from '../../../src/errors.ts'
import { bytesInMemory, type ByteSource } from '../../../src/models/bytes.ts'
import { readModel } from '../../../src/models/formats/index.ts'
import { summarizeModel } from '../../../src/models/summary.ts'
import { uniformAt } from '../../../src/pruning/draws.ts'
import { external, field, file, FILES, fixture, floats, graph, integer, node, tensor, varint, zipOf, type Parts } from './onnx-helpers.ts'

const read = async (bytes: Uint8Array) => await readModel(bytesInMemory(bytes))
const HUGE = 2n ** 62n
const withTensor = (...parts: Array<Parameters<typeof tensor>[0]>): Parts => ({ tensors: parts.map((one) => tensor(one)) })
const many = <T>(count: number, item: (index: number) => T): T[] => Array.from({ length: count }, (_, index) => item(index))

/** By what is wrong: the file, the code, and what the message says. */
const DAMAGED: Record<string, [Parts | Uint8Array, string, RegExp]> = {
  'no graph': [Uint8Array.from([...integer(1, 8), ...field(2, 'somebody')]), 'unsupported-format', /no model/],
  'a graph longer than any file': [Uint8Array.from([...integer(1, 8), ...field(7, [], HUGE)]), 'invalid-model', /field 7.*needs/],
  'two graphs': [{ tail: field(7, graph()) }, 'invalid-model', /two graphs/],
  'the graph longer than the file': [{ head: [...integer(1, 8), ...varint(7 * 8 + 2), ...varint(10_000)] }, 'invalid-model', /field 7 at byte 2 needs 10000 bytes/],
  'the length of the graph above 2^63': [{ head: [...integer(1, 8), ...varint(7 * 8 + 2), ...varint(2n ** 64n - 1n)] }, 'invalid-model', /field 7/],
  'a varint without an end': [{ head: [...integer(1, 8), 0x28, ...new Uint8Array(11).fill(0xff)] }, 'invalid-model', /more than 64 bits/],
  'a varint above 64 bits': [{ head: [...integer(1, 8), 0x28, ...new Uint8Array(9).fill(0xff), 0x7f] }, 'invalid-model', /more than 64 bits/],
  'a group': [{ tail: [...varint(99 * 8 + 3), ...varint(99 * 8 + 4)] }, 'invalid-model', /a group/],
  'groups within groups': [{ tail: many(100_000, () => [0x9b, 0x06]).flat() }, 'invalid-model', /a group/],
  'the end of a group': [{ more: varint(99 * 8 + 4) }, 'invalid-model', /the graph.*a group/],
  'wire type 6': [{ more: varint(99 * 8 + 6) }, 'invalid-model', /wire type 6/],
  'wire type 7': [withTensor({ data: varint(99 * 8 + 7) }), 'invalid-model', /wire type 7/],
  'field number 0': [{ more: [0x02, 0x00] }, 'invalid-model', /number 0/],
  'field number above 2^29': [{ more: [...varint(2 ** 33), 0] }, 'invalid-model', /number 1073741824/],
  'an input as a varint': [{ more: integer(11, 5) }, 'invalid-model', /input of the graph.*a varint/],
  'an input without a name': [{ more: field(11, field(2, [])) }, 'invalid-model', /input 0 has no name/],
  'an output longer than the graph': [{ more: field(12, field(1, 'y'), 1000) }, 'invalid-model', /needs 1000 bytes/],
  'the type of an output as a varint': [{ more: field(12, [...field(1, 'y'), ...integer(2, 1)]) }, 'invalid-model', /field 2 of output 0.*a varint/],
  'elem_type as bytes': [{ more: field(11, [...field(1, 'x'), ...field(2, field(1, field(1, 'a')))]) }, 'invalid-model', /elem_type of the type of input 0/],
  'more axes of an input than are read': [{ more: field(11, [...field(1, 'x'), ...field(2, field(1, field(2, many(65, () => field(1, [])).flat())))]) }, 'limit-exceeded', /64 dims of the type of input 0/],
  'more outputs than are read': [{ more: many(65_537, () => [0x62, 0]).flat() }, 'limit-exceeded', /65536 outputs/],
  'a node as a varint': [{ more: integer(1, 5) }, 'invalid-model', /node of the graph.*a varint/],
  'an initializer as four bytes': [{ more: [...varint(5 * 8 + 5), 1, 2, 3, 4] }, 'invalid-model', /initializer of the graph.*four bytes/],
  'the name of the graph as a varint': [{ more: integer(2, 5) }, 'invalid-model', /name of the graph/],
  'a sparse initializer as a varint': [{ more: integer(15, 5) }, 'invalid-model', /sparse_initializer/],
  'a sparse initializer without values': [{ more: field(15, field(2, [])) }, 'invalid-model', /sparse_initializer 0 has no name/],
  'an operator set as a varint': [{ tail: integer(8, 17) }, 'invalid-model', /opset_import of the model.*a varint/],
  'four bytes cut off': [{ more: [...varint(99 * 8 + 5), 1, 2] }, 'invalid-model', /field 99.*needs 4 bytes, 2 are left/],
  'eight bytes cut off': [{ more: [...varint(99 * 8 + 1), 1, 2] }, 'invalid-model', /field 99.*needs 8 bytes/],
  'a tag cut off': [{ more: [0x80] }, 'invalid-model', /the graph ends within a number/],
  'a node longer than the graph': [{ more: field(1, node(), 1000) }, 'invalid-model', /needs 1000 bytes/],
  'an input longer than its node': [{ nodes: [[...field(4, 'MatMul'), ...field(1, 'x', 50)]] }, 'invalid-model', /node 0: field 1/],
  'a node without an operator': [{ nodes: [field(1, 'w')] }, 'invalid-model', /node 0 has no op_type/],
  'an operator as a varint': [{ nodes: [integer(4, 1)] }, 'invalid-model', /op_type of node 0/],
  'an attribute without a name': [{ nodes: [node({ operator: 'Gemm', more: field(5, integer(3, 1)) })] }, 'invalid-model', /attribute of Gemm.*no name/],
  'an attribute with a lying length': [{ nodes: [node({ operator: 'Gemm', more: field(5, field(1, 'transB', 99)) })] }, 'invalid-model', /attribute of Gemm/],
  'a name that is no text': [{ nodes: [node({ more: field(3, [0xff, 0xfe]) })] }, 'invalid-model', /name of node 0.*UTF-8/],
  'a name of a megabyte': [{ nodes: [node({ more: field(3, new Uint8Array(2 ** 20)) })] }, 'limit-exceeded', /name of node 0/],
  'more nodes than are read': [{ nodes: many(262_145, () => []) }, 'limit-exceeded', /262144 nodes/],
  'more inputs than are read': [{ nodes: [[...many(65_537, () => [0x0a, 0]).flat(), ...field(4, 'Concat')]] }, 'limit-exceeded', /65536 inputs of node 0/],
  'more operator sets than are read': [{ tail: many(1025, () => field(8, [])).flat() }, 'limit-exceeded', /operator sets/],
  'ir_version twice, the second 0': [{ tail: integer(1, 0) }, 'invalid-model', /ir_version 0/],
  'an initializer without a name': [withTensor({ name: '' }), 'invalid-model', /initializer 0 has no name/],
  'two initializers of one name': [withTensor({}, {}), 'invalid-model', /two initializers have the name w/],
  'a negative axis': [withTensor({ dims: [-2, -2] }), 'invalid-model', /axis of size -2/],
  'an axis above 2^53': [withTensor({ dims: [HUGE] }), 'invalid-model', /axis of size 4611686018427387904/],
  'dims that overflow': [withTensor({ dims: [2 ** 32, 2 ** 32, 2 ** 32] }), 'invalid-model', /more than any file holds/],
  'dims that overflow to 0 in 64 bits': [withTensor({ dims: [2 ** 32, 2 ** 32] }), 'invalid-model', /more than any file holds/],
  'dims as text': [withTensor({ dims: [], data: field(1, [0x82]) }), 'invalid-model', /dims of initializer 0 end within a number/],
  'more axes than are read': [withTensor({ dims: many(65, () => 1) }), 'limit-exceeded', /64 dims/],
  'more packed axes than are read': [withTensor({ dims: [], data: field(1, new Uint8Array(1000).fill(1)) }), 'limit-exceeded', /64 dims/],
  'dims as four bytes': [withTensor({ data: [...varint(8 + 5), 1, 0, 0, 0] }), 'invalid-model', /dims of initializer 0.*four bytes/],
  'raw_data too short': [withTensor({ data: field(9, floats(1, 2, 3)) }), 'invalid-model', /initializer w has dims \[2, 2\] and 3 numbers/],
  'raw_data too long': [withTensor({ data: field(9, floats(1, 2, 3, 4, 5)) }), 'invalid-model', /5 numbers/],
  'raw_data of half a number': [withTensor({ data: field(9, new Uint8Array(15)) }), 'invalid-model', /no multiple of 4/],
  'raw_data of another type': [withTensor({ type: 11 }), 'invalid-model', /2 numbers/],
  'raw_data twice': [withTensor({ data: [...field(9, floats(1, 2, 3, 4)), ...field(9, [])] }), 'invalid-model', /raw_data twice/],
  'raw_data longer than the tensor': [withTensor({ data: field(9, [], HUGE) }), 'invalid-model', /field 9/],
  'raw_data as a varint': [withTensor({ data: integer(9, 5) }), 'invalid-model', /raw_data of initializer 0/],
  'no numbers at all': [withTensor({ data: [] }), 'invalid-model', /0 numbers/],
  'dims of terabytes': [withTensor({ dims: [2 ** 40] }), 'invalid-model', /1099511627776/],
  'numbers in two fields': [withTensor({ data: [...field(9, floats(1, 2, 3, 4)), ...field(4, floats(1, 2, 3, 4))] }), 'invalid-model', /several fields/],
  'numbers in the wrong field': [withTensor({ data: field(10, new Uint8Array(32)) }), 'invalid-model', /double_data, they must be in float_data/],
  'float_data as varints': [withTensor({ data: integer(4, 1) }), 'invalid-model', /float_data of initializer 0.*a varint/],
  'float_data of half a number': [withTensor({ data: field(4, new Uint8Array(7)) }), 'invalid-model', /no multiple of 4/],
  'float_data in thousands of pieces': [withTensor({ data: many(4097, () => field(4, [])).flat() }), 'limit-exceeded', /pieces of float_data/],
  'int32_data that ends within a number': [withTensor({ type: 10, data: field(5, [1, 2, 3, 0x80]) }), 'invalid-model', /within one/],
  'int32_data beyond 16 bits': [withTensor({ type: 10, data: field(5, [1, 2, 3, ...varint(65_536)]) }), 'invalid-model', /65536 does not fit/],
  'int32_data below 0': [withTensor({ type: 16, data: field(5, [1, 2, 3, ...varint(-1)]) }), 'invalid-model', /does not fit/],
  'int32_data with one number too few': [withTensor({ type: 10, data: field(5, [1, 2, 3]) }), 'invalid-model', /3 numbers/],
  'no data type': [withTensor({ type: 0 }), 'invalid-model', /data type 0/],
  'a data type that is none': [withTensor({ type: 99 }), 'invalid-model', /data type 99/],
  'a data type of 64 bits': [withTensor({ type: -1 }), 'invalid-model', /data type -1/],
  'a tensor in segments': [withTensor({ data: [...field(3, []), ...field(9, floats(1, 2, 3, 4))] }), 'unsupported-format', /segments/],
  'external data without its file': [withTensor({ data: external({ location: 'w.bin' }) }), 'invalid-model', /"w.bin", which did not come with the model; upload a zip/],
}

describe('damaged files', () => {
  for (const [what, [parts, code, message]] of Object.entries(DAMAGED)) {
    test(what, async () => {
      await assert.rejects(read(parts instanceof Uint8Array ? parts : file(parts)), { name: 'EspalierError', code, message })
    })
  }

  test('names that are keys of every object are names like others', async () => {
    const model = await read(file({
      nodes: [node({ operator: '__proto__', name: 'constructor', inputs: ['__proto__'] }), node({ operator: 'toString', name: '__proto__', inputs: ['toString'] })],
      tensors: [tensor({ name: '__proto__' }), tensor({ name: 'toString' })],
    }))
    assert.deepEqual(model.layers.map(({ path, className }) => [path, className]), [['constructor', '__proto__'], ['__proto__', 'toString']])
    assert.equal((await summarizeModel(model)).prunableWeights, 8)
  })

  test('subgraphs within subgraphs are not followed', async () => {
    let body = graph()
    for (let depth = 0; depth < 300; depth++) body = graph({ nodes: [node({ operator: 'If', inputs: [], more: field(5, [...field(1, 'then'), ...field(6, body)]) })], tensors: [] })
    assert.deepEqual((await read(Uint8Array.from([...integer(1, 8), ...field(7, body)]))).layers, [])
  })
})

describe('external data', () => {
  const zipWith = async (entries: Record<string, string>, more: Record<string, Uint8Array> = {}) =>
    await zipOf({ 'a/m.onnx': file(withTensor({ data: external(entries) })), 'a/w.bin': new Uint8Array(32), secret: new Uint8Array(16), ...more })
  const cases: Record<string, [Record<string, string>, RegExp]> = {
    'out of the folder': [{ location: '../secret' }, /leads out of the model's folder/],
    'out of the folder and back': [{ location: 'x/../../a/w.bin' }, /leads out/],
    'an absolute path': [{ location: '/etc/passwd' }, /leads out/],
    'a drive': [{ location: 'c:w.bin' }, /leads out/],
    'a path of Windows': [{ location: '..\\secret' }, /leads out/],
    'a byte 0': [{ location: 'w.bin\0' }, /leads out/],
    'no location': [{ offset: '0' }, /no location/],
    'an empty location': [{ location: '' }, /leads out/],
    'a file that is not there': [{ location: 'v.bin' }, /"v.bin", which did not come/],
    'a file outside of the folder': [{ location: 'secret' }, /"secret", which did not come/],
    'the model itself': [{ location: 'm.onnx' }, /"m.onnx", which did not come/],
    'an offset past the end': [{ location: 'w.bin', offset: '33' }, /byte 33 of w.bin/],
    'a length past the end': [{ location: 'w.bin', offset: '20', length: '16' }, /byte 20 of w.bin with 16 bytes, the file has 32/],
    'an offset below 0': [{ location: 'w.bin', offset: '-1' }, /offset is "-1"/],
    'an offset that is no number': [{ location: 'w.bin', offset: '0x10' }, /offset is "0x10"/],
    'an offset of 2^60': [{ location: 'w.bin', offset: '1152921504606846976' }, /offset is/],
    'a length that is not that of the dims': [{ location: 'w.bin', length: '12' }, /3 numbers/],
    'a length that is missing, with more in the file': [{ location: 'w.bin' }, /8 numbers/],
  }
  for (const [what, [entries, message]] of Object.entries(cases)) {
    test(what, async () => { await assert.rejects(read(await zipWith(entries)), { code: 'invalid-model', message }) })
  }

  test('a key twice, an entry without one, too many entries', async () => {
    const zip = async (data: number[]) => await zipOf({ 'm.onnx': file(withTensor({ data: [...data, ...integer(14, 1)] })), w: new Uint8Array(16) })
    const entry = field(13, [...field(1, 'location'), ...field(2, 'w')])
    await assert.rejects(read(await zip([...entry, ...entry])), { code: 'invalid-model', message: /location twice/ })
    await assert.rejects(read(await zip(field(13, field(2, 'w')))), { code: 'invalid-model', message: /without a key/ })
    await assert.rejects(read(await zip(many(65, () => entry).flat())), { code: 'limit-exceeded', message: /external_data/ })
    assert.equal((await read(await zip(entry))).layers.length, 1)
  })

  test('two models equally near to the root are none', async () => {
    await assert.rejects(read(await zipOf({ 'a.onnx': file(), 'b.onnx': file() })), { code: 'unsupported-format' })
  })
})

/** Reads and counts the file; anything but an EspalierError is a fault. */
async function outcome (bytes: Uint8Array): Promise<'read' | 'refused'> {
  try {
    await summarizeModel(await read(bytes))
    return 'read'
  } catch (error) {
    assert.ok(error instanceof EspalierError && error.code !== 'internal', String(error instanceof Error ? error.stack : error))
    return 'refused'
  }
}

test('cut off anywhere, a file is refused, except between the fields behind its graph', async () => {
  for (const name of FILES) {
    const bytes = fixture(name)
    const kept: number[] = []
    for (let length = 0; length < bytes.length; length++) if (await outcome(bytes.subarray(0, length)) === 'read') kept.push(length)
    assert.ok(kept.length <= 8 && kept.every((length) => length > bytes.length / 2), `${name}: ${kept.join(', ')}`)
  }
})

test('with bytes changed at random, a file is read or refused', async () => {
  let drawn = 0
  const random = (): number => uniformAt(7, drawn++)
  const seen = { read: 0, refused: 0 }
  for (let round = 0; round < 1000; round++) {
    const bytes = fixture(FILES[round % FILES.length]!).slice()
    for (let change = 0; change <= round % 3; change++) bytes[Math.floor(random() * bytes.length)] = Math.floor(random() * 256)
    seen[await outcome(bytes)]++
  }
  assert.ok(seen.read > 100 && seen.refused > 100, JSON.stringify(seen))
})

test('lying sizes allocate nothing: no read is longer than the file', async () => {
  for (const name of ['dims of terabytes', 'raw_data longer than the tensor', 'the length of the graph above 2^63', 'dims that overflow']) {
    const parts = DAMAGED[name]![0]
    const bytes = parts instanceof Uint8Array ? parts : file(parts)
    const inner = bytesInMemory(bytes)
    const watched: ByteSource = {
      size: bytes.length,
      async read (offset, length) {
        assert.ok(length <= bytes.length, `${length} bytes were asked for`)
        return await inner.read(offset, length)
      },
    }
    await assert.rejects(readModel(watched), EspalierError)
  }
})
