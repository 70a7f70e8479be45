/** Graphs of TensorFlow that are run: which operations, what is reached of a graph, what is said of it, and what is malformed. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { bytesInMemory } from '../../../src/models/bytes.ts'
import { readModel } from '../../../src/models/formats/index.ts'
import { block, entry, joined, text } from '../../../src/models/formats/protobuf/encode.ts'
import { fieldsOf, valueOf } from '../../../src/models/formats/protobuf/message.ts'
import { readRun as readSaved } from '../../../src/models/formats/savedmodel/run.ts'
import { attribute, functionsIn, textsOf, typesOf } from '../../../src/models/formats/tensorflow/attributes.ts'
import { dtypeByName } from '../../../src/models/formats/tensorflow/dtypes.ts'
import { encodeGraph, readGraphDef, type GraphFunction, type TensorGraph } from '../../../src/models/formats/tensorflow/graph-def.ts'
import { lastFunction } from '../../../src/models/formats/tensorflow/last-function.ts'
import { encodeNode, nodeOf, type GraphNode } from '../../../src/models/formats/tensorflow/node-def.ts'
import { isRun, RUN_OPERATIONS } from '../../../src/models/formats/tensorflow/operations.ts'
import { reach } from '../../../src/models/formats/tensorflow/reach.ts'
import { runGraph, type GraphValue } from '../../../src/models/formats/tensorflow/run-graph.ts'
import { openFixture, pathOf } from '../../support/fixtures.ts'
import { entryOf } from './formats-helpers.ts'

const FOLDER = 'test/fixtures/graph-run'

const byName = (nodes: readonly GraphNode[]) => new Map(nodes.map((node) => [node.name, node]))
const graphOf = (nodes: readonly GraphNode[], functions: readonly GraphFunction[] = []): TensorGraph => ({ nodes: byName(nodes), functions: new Map(functions.map((one) => [one.name, one])), versions: new Uint8Array() })
const called = (name: string, nodes: readonly GraphNode[], results: string[] = []): GraphFunction => ({ name, parameters: ['x'], results, nodes: byName(nodes), kept: [] })
const functionNamed = (name: string, attributes: Readonly<Record<string, Uint8Array>> = {}) => block(10, new Uint8Array([...text(1, name), ...Object.entries(attributes).flatMap(([key, value]) => [...entry(2, key, value)])]))
const unsupported = (message: RegExp) => ({ code: 'unsupported-layer', message })

describe('operations', () => {
  const { stateful, stateless } = JSON.parse(readFileSync(pathOf(`${FOLDER}/operations.json`), 'utf8')) as { stateful: string[], stateless: string[] }

  test('those that are run are TensorFlow\'s, and keep no state but variables, lists of a loop and random numbers', () => {
    const all = new Set([...stateful, ...stateless])
    assert.deepEqual(RUN_OPERATIONS.filter((name) => !all.has(name)), [])
    assert.deepEqual(RUN_OPERATIONS.filter((name) => stateful.includes(name)).filter((name) => !/^(TensorArray.*V3|Random.*|TruncatedNormal|Multinomial|StatelessRandomGetAlg)$/.test(name)).sort(), [
      'Assert', 'Case', 'DisableCopyOnRead', 'If', 'ReadVariableOp', 'ResourceGather', 'ResourceGatherNd', 'StatefulPartitionedCall', 'VarHandleOp', 'VarIsInitializedOp', 'Variable', 'VariableShape', 'VariableV2', 'While',
    ])
  })

  test('nothing is run that reads or writes files, calls other code, speaks to others, prints or changes variables', () => {
    const wanted = /File|Save|Restore|Checkpoint|Reader|Dataset|Iterator|Summary|Table|PyFunc|Custom|Remote|Rpc|Send|Recv|Print|Debug|Dump|^Assign|Scatter.*Update$|ImmutableConst|DecodeProto|EncodeProto|Tpu|TPU|Xla|Queue|Barrier|Sleep|Abort|Log(ger)?Message|Copy(Host)?$|Collective|Nccl|Apply/
    const fine = /^(Tensor(Scatter|StridedSlice)Update|DisableCopyOnRead)$/
    assert.deepEqual(RUN_OPERATIONS.filter((name) => wanted.test(name) && !fine.test(name)), [])
    for (const name of ['ReadFile', 'WriteFile', 'MatchingFiles', 'SaveV2', 'RestoreV2', 'MergeV2Checkpoints', 'ImmutableConst', 'PyFunc', 'EagerPyFunc', 'DecodeProtoV2', 'AssignVariableOp', 'LookupTableFindV2', 'PrintV2', 'RemoteCall', '_Send']) assert.equal(isRun(name), false, name)
  })
})

describe('what is reached', () => {
  const tanh = nodeOf('y', 'Tanh', ['x'])

  test('inputs, those that only run before, and functions with all that is in them; not what lies behind a fed value, or beside', () => {
    const graph = graphOf([
      nodeOf('file', 'ReadFile', []), nodeOf('x', 'Identity', ['file']), nodeOf('beside', 'WriteFile', []), nodeOf('before', 'NoOp', []),
      nodeOf('call', 'PartitionedCall', ['x', '^before'], { f: functionNamed('outer') }), nodeOf('out', 'Relu', ['call:0']),
    ], [called('outer', [nodeOf('inner', 'StatefulPartitionedCall', ['x'], { f: functionNamed('leaf') })]), called('leaf', [tanh]), called('other', [nodeOf('w', 'WriteFile', [])])])
    const { nodes, functions } = reach(graph, ['out:0'], new Set(['x']))
    assert.deepEqual(nodes.map(({ name }) => name), ['before', 'call', 'out'])
    assert.deepEqual(functions.map(({ name }) => name), ['outer', 'leaf'])
    assert.throws(() => reach(graph, ['out:0'], new Set()), unsupported(/the operation ReadFile \(node file\), which is not run here/))
  })

  test('an operation that is not run is found wherever a function can stand', () => {
    const bad = called('bad', [nodeOf('w', 'WriteFile', [])])
    const places: Array<[string, GraphNode]> = [
      ['an attribute', nodeOf('c', 'While', [], { cond: functionNamed('bad') })],
      ['a list', nodeOf('c', 'Case', [], { branches: block(1, block(9, text(1, 'bad'))) })],
      ['an argument of a function', nodeOf('c', 'PartitionedCall', [], { f: functionNamed('fine', { g: functionNamed('bad') }) })],
      ['the name of an operation', nodeOf('c', 'bad', [])],
      ['a node that only has to run before', nodeOf('c', 'Identity', ['^bad-call'])],
      ['the second of two lists in one attribute', nodeOf('c', 'Case', [], { branches: new Uint8Array([...block(1, block(9, text(1, 'fine'))), ...block(1, block(9, text(1, 'bad')))]) })],
    ]
    for (const [place, node] of places) {
      assert.throws(() => reach(graphOf([node, nodeOf('bad-call', 'StatefulPartitionedCall', [], { f: functionNamed('bad') })], [bad, called('fine', [tanh])]), ['c'], new Set()), unsupported(/WriteFile/), place)
    }
    // A function hides an operation of its name.
    assert.throws(() => reach(graphOf([nodeOf('c', 'Relu', [])], [called('Relu', [nodeOf('w', 'WriteFile', [])])]), ['c'], new Set()), unsupported(/WriteFile/))
  })

  test('cycles end; what is not there is named', () => {
    const looped = graphOf([nodeOf('a', 'Merge', ['b']), nodeOf('b', 'NextIteration', ['a'])])
    assert.equal(reach(looped, ['a'], new Set()).nodes.length, 2)
    const own = called('own', [nodeOf('again', 'PartitionedCall', ['x'], { f: functionNamed('own') })])
    assert.equal(reach(graphOf([nodeOf('c', 'PartitionedCall', [], { f: functionNamed('own') })], [own]), ['c'], new Set()).functions.length, 1)
    assert.throws(() => reach(graphOf([nodeOf('a', 'Relu', ['lost'])]), ['a'], new Set()), unsupported(/refers to the node lost, which it does not have/))
    assert.throws(() => reach(graphOf([nodeOf('a', 'PartitionedCall', [], { f: functionNamed('lost') })]), ['a'], new Set()), unsupported(/calls the function lost, which it does not have/))
    assert.throws(() => reach(graphOf([nodeOf('a', 'constructor', [])]), ['a'], new Set()), unsupported(/the operation constructor/))
  })

  test('names of what is made here are not to be had', () => {
    const value: GraphValue = { name: 'x', value: 'x:0', dtype: 1, type: 'float32', shape: [null, 2] }
    const graph = graphOf([nodeOf('x', 'Placeholder', []), nodeOf('espalier/input_0', 'Const', []), nodeOf('y', 'Relu', ['x'])])
    assert.throws(() => runGraph(graph, [value], [{ ...value, name: 'y', value: 'y:0' }]), unsupported(/has a node espalier\/input_0/))
    assert.throws(() => runGraph(graphOf([nodeOf('x', 'Unpack', [])]), [{ ...value, value: 'x:1' }], [value]), unsupported(/fed at x:1, which is not the first output/))
  })
})

describe('what TensorFlow is given', () => {
  const node = (op: string, attributes: Readonly<Record<string, Uint8Array>> = {}) => block(1, encodeNode(nodeOf('n', op, [], attributes)))
  const library = (...functions: Uint8Array[]) => block(2, joined(functions.map((one) => block(1, one))))
  const readNames = (graph: Uint8Array): string[] => {
    const { nodes, functions, versions } = readGraphDef(graph)
    const again = joined(encodeGraph(nodes.values(), functions.values(), versions))
    return [...fieldsOf(again, '')].filter(({ number }) => number === 2).flatMap((field) => [...fieldsOf(valueOf(field, 'bytes', ''), '')]).map((one) => {
      let name = ''
      // As protobuf joins messages: the last name that is there.
      for (const part of fieldsOf(valueOf(one, 'bytes', ''), '')) if (part.number === 1) for (const field of fieldsOf(valueOf(part, 'bytes', ''), '')) if (field.number === 1) name = Buffer.from(valueOf(field, 'bytes', '')).toString('latin1')
      return name
    })
  }

  test('a function goes by the name that was read here, so that none hides an operation in another spelling', () => {
    const bom = new Uint8Array([0xef, 0xbb, 0xbf, ...new TextEncoder().encode('WriteFile')])
    const graph = joined([node('WriteFile'), library(block(1, block(1, bom)))])
    const { functions } = readGraphDef(graph)
    assert.deepEqual(readNames(graph), [...functions.keys()])
    assert.deepEqual(readNames(joined([library(joined([block(1, text(1, 'first')), block(1, text(1, 'WriteFile'))]))])), ['WriteFile'])
    assert.deepEqual(readNames(joined([library(joined([block(1, text(1, 'WriteFile')), block(1, new Uint8Array())]))])), [''])
    assert.throws(() => readGraphDef(library(block(1, text(1, 'one')), block(1, text(1, 'one')))), unsupported(/two functions/))
  })

  test('hints, devices and settings are left out', () => {
    const message = joined([encodeNode(nodeOf('n', 'PartitionedCall', [], { f: functionNamed('g'), _XlaMustCompile: attribute.text('x'), _class: attribute.text('x'), config_proto: attribute.text('x'), executor_type: attribute.text('x'), _lower_using_switch_merge: attribute.text('x') })), text(4, '/device:GPU:0')])
    const { nodes } = readGraphDef(block(1, message))
    assert.deepEqual([...nodes.get('n')!.attributes.keys()], ['f', '_lower_using_switch_merge'])
    assert.equal(Buffer.from(encodeNode(nodes.get('n')!)).includes('device'), false)
  })
})

describe('attributes', () => {
  test('functions in each place, and no deeper than eight', () => {
    const nested = (depth: number): Uint8Array => depth === 0 ? functionNamed('leaf') : functionNamed('outer', { f: nested(depth - 1) })
    assert.deepEqual([...functionsIn(nested(2))], ['outer', 'outer', 'leaf'])
    assert.throws(() => [...functionsIn(nested(9))], unsupported(/nested too deep/))
  })

  test('types packed and not, and texts of which the last stands for the rest', () => {
    assert.deepEqual(typesOf(attribute.types([1, 19, 300])), [1, 19, 300])
    assert.deepEqual(typesOf(block(1, new Uint8Array([0x30, 1, 0x30, 2]))), [1, 2])
    assert.deepEqual(textsOf(attribute.texts(['a', 'b']), 3), ['a', 'b', 'b'])
    assert.deepEqual(['DT_HALF', 'DT_INT64', 'DT_COMPLEX64', 'DT_RESOURCE', 'DT_constructor', 'constructor'].map(dtypeByName), [19, 9, 8, 20, undefined, undefined])
  })
})

describe('a signature', () => {
  async function architecture (name: string) {
    const source = await openFixture(`${FOLDER}/${name}.zip`)
    try {
      return (await readModel(source)).architecture
    } finally {
      await source.close()
    }
  }

  test('tells the last function of each output, through functions', async () => {
    const last = async (name: string) => (await architecture(name)).signature!.activations
    assert.deepEqual([await last('keras2-softmax'), await last('first'), await last('cnn'), await last('cnn-tfjs')], [['softmax'], ['sigmoid'], ['other'], ['other']])
    const loop = graphOf([nodeOf('a', 'Identity', ['b']), nodeOf('b', 'Identity', ['a'])])
    assert.equal(lastFunction(loop, 'a'), 'other')
  })

  test('has its inputs in the order of the model, not of their names, and outputs of whole numbers are left out', async () => {
    for (const name of ['tokens', 'tokens-tfjs']) {
      const { inputNames, inputTypes, inputShapes } = (await architecture(name)).signature!
      assert.deepEqual([inputNames, inputTypes, inputShapes], [['words', 'extra'], ['int32', 'float32'], [[null, 3], [null, 2]]])
    }
    assert.deepEqual((await architecture('tokens-half')).signature!.inputTypes, ['int32', 'float16'])
    assert.deepEqual((await architecture('signature-one')).signature!.outputNames, ['scores'])
  })

  test('of texts is not run', async () => {
    const source = await openFixture('test/fixtures/tfjs-graph/lookup.zip')
    assert.match((await readModel(source)).architecture.problem!, /fills tables/)
    await source.close()
  })
})

describe('a saved_model.pb that is damaged', () => {
  const zip = new Uint8Array(readFileSync(pathOf(`${FOLDER}/cnn.zip`)))
  const read = async (bytes: Uint8Array) => {
    const source = bytesInMemory(bytes)
    return await readSaved({ name: 'saved_model.pb', size: bytes.length, source: async () => source, stream: () => assert.fail() }, new Set())
  }

  test('cut off anywhere, or with any byte changed, is a model that is not run', async () => {
    const whole = await entryOf(zip, 'saved_model.pb')
    for (let size = 0; size < whole.length; size += 499) assert.equal('problem' in await read(whole.slice(0, size)), true, `${size} bytes`)
    let state = 1
    for (let count = 0; count < 300; count++) {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0
      const changed = whole.slice()
      changed[state % changed.length] = state >>> 24
      // Without keys no variable is found: nothing can be run, and nothing but a reason is given.
      assert.equal('problem' in await read(changed), true)
    }
  })

  test('a graph that is too large is not read', async () => {
    const huge = { name: 'saved_model.pb', size: 2 ** 26 + 1, source: () => assert.fail('it was read'), stream: () => assert.fail() }
    assert.match((await readSaved(huge, new Set()) as { problem: string }).problem, /graphs of at most 67108864 are run/)
  })

  test('what is no protobuf leaves a model of weights', async () => {
    for (const bytes of [new Uint8Array(), new Uint8Array(100).fill(255), new TextEncoder().encode('node { name: "x" }')]) {
      const run = await read(bytes)
      assert.equal('problem' in run && typeof run.problem === 'string' && run.problem.length > 0, true)
    }
  })
})
