/** TF.js graph models made ready to be run: fused nodes, attributes in JSON, constants, and what is not run. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { writeZip } from '../../../src/models/zip.ts'
import { bytesInMemory } from '../../../src/models/bytes.ts'
import { readModel } from '../../../src/models/formats/index.ts'
import { encodeAttribute } from '../../../src/models/formats/tfjs-graph/attributes.ts'
import { unfused } from '../../../src/models/formats/tfjs-graph/fused.ts'
import { attribute } from '../../../src/models/formats/tensorflow/attributes.ts'
import { nodeOf } from '../../../src/models/formats/tensorflow/node-def.ts'

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const unsupported = (message: RegExp) => ({ code: 'unsupported-layer', message })

describe('attributes in JSON', () => {
  // Of TensorFlow for Python: json_format.Parse(text, AttrValue()).SerializeToString().hex().
  const cases: Array<[object, string]> = [
    [{ type: 'DT_FLOAT' }, '3001'], [{ b: true }, '2801'], [{ b: false }, '2800'], [{ i: '-3' }, '18fdffffffffffffffff01'], [{ i: 7 }, '1807'],
    [{ f: 0.25 }, '250000803e'], [{ f: 'NaN' }, '250000c07f'], [{ s: 'VkFMSUQ=' }, '120556414c4944'],
    [{ shape: { dim: [{ size: '-1' }, { size: '3' }] } }, '3a11120b08ffffffffffffffffff0112020803'], [{ shape: { unknownRank: true } }, '3a021801'], [{ shape: {} }, '3a00'],
    [{ list: { i: ['1', '2'] } }, '0a041a020102'], [{ list: { s: ['Qmlhc0FkZA==', 'UmVsdQ=='] } }, '0a0f120742696173416464120452656c75'], [{ list: { type: ['DT_FLOAT', 'DT_INT64'] } }, '0a0432020109'],
    [{ list: { f: [0.5, 1] } }, '0a0a22080000003f0000803f'], [{ list: { b: [true, false] } }, '0a042a020100'], [{ list: { shape: [{}, { dim: [{ size: '4' }] }] } }, '0a083a003a0412020804'], [{ list: {} }, '0a00'],
    [{ func: { name: 'body', attr: { T: { type: 'DT_INT32' } } } }, '520f0a04626f647912070a015412023003'], [{ list: { func: [{ name: 'a' }] } }, '0a054a030a0161'],
  ]
  test('are encoded as TensorFlow encodes them', () => {
    for (const [json, bytes] of cases) assert.equal(hex(encodeAttribute(json)), bytes, JSON.stringify(json))
  })

  test('that are not understood are refused', () => {
    const deep = (levels: number): object => levels === 0 ? { b: true } : { func: { name: 'f', attr: { g: deep(levels - 1) } } }
    for (const wrong of [null, 1, { i: '1.5' }, { i: '99999999999999999999' }, { i: {} }, { type: 'DT_WRONG' }, { type: -1 }, { s: 5 }, { shape: [] }, { shape: { dim: 4 } }, { list: { i: 3 } }, { list: null }, { func: {} }, deep(20)]) {
      assert.throws(() => encodeAttribute(wrong), unsupported(/not understood|nested too deep/), JSON.stringify(wrong))
    }
  })
})

describe('fused nodes', () => {
  const T = attribute.type(1)
  const fusedOps = (...names: string[]) => encodeAttribute({ list: { s: names.map((name) => Buffer.from(name).toString('base64')) } })
  const shown = (nodes: ReturnType<typeof unfused>) => nodes.map(({ name, op, inputs }) => `${name} = ${op}(${inputs.join(', ')})`)

  test('become the operations they stand for, the last of which has the name', () => {
    const node = nodeOf('c', '_FusedConv2D', ['x', 'w', 'bias', 'slope', '^before'], { T, fused_ops: fusedOps('BiasAdd', 'Prelu'), strides: attribute.types([]), num_args: attribute.type(2), epsilon: attribute.type(1) })
    const made = unfused([node])
    assert.deepEqual(shown(made), [
      'c/unfused_0 = Conv2D(x, w, ^before)', 'c/unfused_1 = AddV2(c/unfused_0, bias)', 'c/unfused_2 = Neg(c/unfused_1)', 'c/unfused_3 = Relu(c/unfused_2)',
      'c/unfused_4 = Relu(c/unfused_1)', 'c/unfused_5 = Mul(slope, c/unfused_3)', 'c = Sub(c/unfused_4, c/unfused_5)',
    ])
    assert.deepEqual([...made[0]!.attributes.keys()], ['T', 'strides'])
    assert.deepEqual(shown(unfused([nodeOf('m', '_FusedMatMul', ['x', 'w'], { T, fused_ops: fusedOps() })])), ['m = MatMul(x, w)'])
    assert.deepEqual(shown(unfused([nodeOf('d', 'FusedDepthwiseConv2dNative', ['x', 'w', 'b'], { T, fused_ops: fusedOps('BiasAdd', 'Relu6'), data_format: attribute.text('NCHW') })])), [
      'd/unfused_0 = DepthwiseConv2dNative(x, w)', 'd/unfused_1 = BiasAdd(d/unfused_0, b)', 'd = Relu6(d/unfused_1)',
    ])
    assert.throws(() => unfused([nodeOf('m', '_FusedMatMul', ['x', 'w', 'b'], { T, fused_ops: fusedOps('BiasAdd', 'Mystery') })]), unsupported(/_FusedMatMul \(node m\) fused with Mystery/))
  })
})

describe('a graph model', () => {
  const FLOAT = { type: 'DT_FLOAT' }
  const matmul = { name: 'y', op: 'MatMul', input: ['x', 'w'], attr: { T: FLOAT } }
  const placeholder = { name: 'x', op: 'Placeholder', attr: { dtype: FLOAT } }
  const constant = { name: 'w', op: 'Const', attr: { dtype: FLOAT, value: { tensor: {} } } }
  const info = (name: string, size: string) => ({ name, dtype: 'DT_FLOAT', tensorShape: { dim: [{ size: '-1' }, { size }] } })
  const signature = { inputs: { x: info('x:0', '4') }, outputs: { y: info('y:0', '3') } }
  const weight = { name: 'w', shape: [4, 3], dtype: 'float32' }

  async function architecture (nodes: object[], changes: object = {}, entry: object = weight) {
    const model = { format: 'graph-model', modelTopology: { node: nodes }, weightsManifest: [{ paths: ['w.bin'], weights: [entry] }], signature, ...changes }
    const pieces: Uint8Array[] = []
    const files = [['model.json', new TextEncoder().encode(JSON.stringify(model))], ['w.bin', new Uint8Array(48)]] as const
    for await (const piece of writeZip(files.map(([name, content]) => ({ name, deflate: false, content })))) pieces.push(piece.slice())
    return (await readModel(bytesInMemory(new Uint8Array(Buffer.concat(pieces))))).architecture
  }

  test('is run, also when its signature lies where converters of TF.js 1 put it', async () => {
    assert.deepEqual((await architecture([placeholder, constant, matmul])).signature!.inputShapes, [[null, 4]])
    assert.deepEqual((await architecture([placeholder, constant, matmul], { signature: undefined, userDefinedMetadata: { signature } })).signature!.outputNames, ['y'])
  })

  test('is pruned without being run when it asks for more than computing, or does not say enough', async () => {
    const write = { name: 'f', op: 'WriteFile', input: ['n', 'n'] }
    const called = { function: [{ signature: { name: 'act', inputArg: [], outputArg: [] }, nodeDef: [write] }] }
    const cases: Array<[RegExp, object[], object?, object?]> = [
      [/the operation WriteFile \(node f\)/, [placeholder, constant, { ...matmul, input: ['x', 'w', '^f'] }, { ...write, input: [] }]],
      [/the operation Mystery/, [placeholder, constant, { ...matmul, op: 'Mystery' }]],
      [/the operation WriteFile/, [placeholder, constant, { ...matmul, input: ['x', 'w', '^c'] }, { name: 'c', op: 'PartitionedCall', attr: { f: { func: { name: 'act' } } } }], { modelTopology: undefined }],
      [/no signature/, [placeholder, constant, matmul], { signature: undefined }],
      [/its input x has no shape/, [placeholder, constant, matmul], { signature: { ...signature, inputs: { x: { name: 'x:0', dtype: 'DT_FLOAT' } } } }],
      [/its input x takes values of the type string/, [placeholder, constant, matmul], { signature: { ...signature, inputs: { x: { ...info('x:0', '4'), dtype: 'DT_STRING' } } } }],
      [/no output of its signature is a tensor of fractions.*y: int32/, [placeholder, constant, matmul], { signature: { ...signature, outputs: { y: { ...info('y:0', '3'), dtype: 'DT_INT32' } } } }],
      [/the constant lost of its graph is none of its weights/, [placeholder, { ...constant, name: 'lost' }, { ...matmul, input: ['x', 'lost'] }]],
      [/refers to the node lost/, [placeholder, constant, { ...matmul, input: ['x', 'lost'] }]],
      [/an attribute that is not understood/, [placeholder, constant, { ...matmul, attr: { T: { type: 'DT_MYSTERY' } } }]],
      [/a node espalier\/x/, [placeholder, constant, matmul, { name: 'espalier/x', op: 'NoOp' }]],
      [/two nodes/, [placeholder, constant, { ...matmul, op: '_FusedMatMul', attr: { T: FLOAT, fused_ops: { list: { s: ['UmVsdQ=='] } } } }, { name: 'y/unfused_0', op: 'NoOp' }]],
    ]
    for (const [message, nodes, changes = {}] of cases) {
      const topology = 'modelTopology' in changes ? { modelTopology: { node: nodes, library: called } } : {}
      const { problem, signature: run } = await architecture(nodes, { ...changes, ...topology })
      assert.match(problem!, message)
      assert.equal(run, undefined)
    }
  })
})
