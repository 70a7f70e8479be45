/** What ONNX graphs take and give: shapes, types, the function before an output, and what cannot be run and why. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Architecture } from '../../../src/models/architecture/types.ts'
import { bytesInMemory } from '../../../src/models/bytes.ts'
import { readModel } from '../../../src/models/formats/index.ts'
import { field, file, integer, node } from './onnx-helpers.ts'

type Size = number | string

/** ValueInfoProto of a tensor; its shape is left out when it is undefined. */
function value (name: string, type: number, sizes?: Size[]): number[] {
  const dims = (sizes ?? []).flatMap((size) => field(1, typeof size === 'number' ? integer(1, size) : field(2, size)))
  return [...field(1, name), ...field(2, field(1, [...integer(1, type), ...sizes === undefined ? [] : field(2, dims)]))]
}

const sequence = (name: string): number[] => [...field(1, name), ...field(2, field(4, []))]
const axis = (index: number): number[] => field(5, [...field(1, 'axis'), ...integer(3, index), ...integer(20, 2)])

async function read (inputs: number[][], outputs: number[][], nodes: number[][] = [node()]): Promise<Architecture> {
  const more = [...inputs.flatMap((one) => field(11, one)), ...outputs.flatMap((one) => field(12, one))]
  return (await readModel(bytesInMemory(file({ nodes, more })))).architecture
}

const X = value('x', 1, ['N', 3, -1, 0, 2 ** 40])
const Y = value('y', 1, ['N', 4])

describe('the signature of an ONNX graph', () => {
  test('open sizes are null; initializers among the inputs need not be fed; outputs that are no fractions are left out', async () => {
    const { signature, problem } = await read([X, value('w', 1, [2, 2]), value('ids', 7, [1, 5])], [value('label', 7, ['N']), sequence('map'), Y, value('z', 11)])
    assert.equal(problem, undefined)
    assert.deepEqual([signature!.inputNames, signature!.inputTypes, signature!.inputShapes], [['x', 'ids'], ['float32', 'int64'], [[null, 3, null, null, 2 ** 40], [1, 5]]])
    assert.deepEqual([signature!.outputNames, signature!.outputShapes], [['y', 'z'], [[null, 4], [null, null]]])
  })

  const PROBLEMS: Array<[string, number[][], number[][], RegExp]> = [
    ['no inputs', [], [Y], /no inputs/],
    ['text', [value('t', 8, ['N'])], [Y], /input t: STRING/],
    ['bfloat16', [value('b', 16, ['N', 2])], [Y], /input b: BFLOAT16/],
    ['a sequence as an input', [sequence('s')], [Y], /input s: sequence/],
    ['a type that ONNX does not have', [value('u', 99, ['N'])], [Y], /input u: unknown/],
    ['an input without a shape', [value('x', 1)], [Y], /input x: FLOAT has no shape/],
    ['a scalar input', [value('x', 1, [])], [Y], /no axis for examples/],
    ['labels only', [X], [value('label', 7, ['N'])], /label: INT64.*zipmap/],
    ['a scalar output', [X], [value('y', 1, [])], /no output of the graph/],
    ['no outputs', [X], [], /it has none/],
  ]
  for (const [name, inputs, outputs, message] of PROBLEMS) {
    test(`${name}: not run, with the reason`, async () => {
      const { signature, problem } = await read(inputs, outputs)
      assert.equal(signature, undefined)
      assert.match(problem!, message)
    })
  }

  test('the last function is found behind what is passive; its axis only when it is the output itself', async () => {
    const chain = (operator: string, ...behind: string[]): number[][] => ['MatMul', operator, ...behind].map((one, index, all) => (
      node({ operator: one, inputs: index === 0 ? ['x', 'w'] : [`v${index - 1}`], output: index === all.length - 1 ? 'y' : `v${index}`, name: `n${index}`, more: one === 'Softmax' ? axis(1) : [] })
    ))
    const of = async (nodes: number[][]): Promise<unknown> => {
      const { activations, classAxes } = (await read([X], [Y], nodes)).signature!
      return [activations[0], classAxes[0]]
    }
    assert.deepEqual(await of(chain('Softmax')), ['softmax', 1])
    assert.deepEqual(await of(chain('Softmax', 'Transpose', 'Cast')), ['softmax', null])
    assert.deepEqual(await of(chain('LogSoftmax', 'Squeeze')), ['log-softmax', null])
    assert.deepEqual(await of(chain('Sigmoid', 'Reshape')), ['sigmoid', null])
    assert.deepEqual(await of(chain('Sigmoid', 'Mul')), ['other', null])
    assert.deepEqual(await of([node({ operator: 'Identity', inputs: ['y'], output: 'y' })]), ['other', null], 'a cycle ends')
  })
})
