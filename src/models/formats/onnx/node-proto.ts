/** NodeProto: an operator, the names of its inputs and outputs, and the integers among its attributes. */
import { assertAtMost, malformed } from './fail.ts'
import { ONNX_LIMITS } from './limits.ts'
import { textAt, textIf } from './text.ts'
import { signedOf } from '../protobuf/varint.ts'
import { assertWire, rangeOf, type Range, type Wire } from '../protobuf/wire.ts'

export interface OnnxNode {
  readonly operator: string
  /** Empty for ONNX' own operators. */
  readonly domain: string
  readonly name: string
  /** An empty name is an input that is left out. */
  readonly inputs: readonly string[]
  readonly outputs: readonly string[]
  readonly attributes: readonly Range[]
}

const NODE_TEXTS = { 1: 'input', 2: 'output', 3: 'name', 4: 'op_type', 7: 'domain' } as const

/** Throws `invalid-model` for a node without an operator. */
export async function readNode (wire: Wire, range: Range, index: number): Promise<OnnxNode> {
  const what = `node ${index}`
  const [inputs, outputs, attributes]: [Range[], Range[], Range[]] = [[], [], []]
  const texts: { name?: Range, op_type?: Range, domain?: Range } = {}
  await wire.walk(range, what, (field) => {
    if (field.number === 5) {
      assertWire(field, `attribute of ${what}`, 2)
      attributes.push(rangeOf(field, range.prefix))
      return assertAtMost(attributes.length, ONNX_LIMITS.nodeValues, `attributes of ${what}`)
    }
    if (!Object.hasOwn(NODE_TEXTS, field.number)) return
    const key = NODE_TEXTS[field.number as keyof typeof NODE_TEXTS]
    assertWire(field, `${key} of ${what}`, 2)
    const text = rangeOf(field, range.prefix)
    if (key !== 'input' && key !== 'output') {
      texts[key] = text
      return
    }
    const list = key === 'input' ? inputs : outputs
    list.push(text)
    assertAtMost(list.length, ONNX_LIMITS.nodeValues, `${key}s of ${what}`)
  })
  const operator = await textIf(wire, texts.op_type, `op_type of ${what}`)
  if (operator === '') throw malformed(`${what} has no op_type`, { index })
  const domain = await textIf(wire, texts.domain, `domain of ${what}`)
  return {
    operator,
    domain: domain === 'ai.onnx' ? '' : domain,
    name: await textIf(wire, texts.name, `name of ${what}`),
    inputs: await textsAt(wire, inputs, `an input of ${what}`),
    outputs: await textsAt(wire, outputs, `an output of ${what}`),
    attributes,
  }
}

/** The attributes that are one integer, by name. Throws `invalid-model` for an attribute without a name. */
export async function readIntegers (wire: Wire, { attributes, operator }: OnnxNode): Promise<ReadonlyMap<string, number>> {
  const found = new Map<string, number>()
  for (const range of attributes) {
    const what = `an attribute of ${operator}`
    let [name, value]: [Range | undefined, number | undefined] = [undefined, undefined]
    await wire.walk(range, what, (field) => {
      if (field.number === 1) {
        assertWire(field, `name of ${what}`, 2)
        name = rangeOf(field, range.prefix)
      } else if (field.number === 3) {
        assertWire(field, `i of ${what}`, 0)
        value = signedOf(field.value!)
      }
    })
    const key = await textIf(wire, name, `name of ${what}`)
    if (key === '') throw malformed(`${what} at byte ${range.start} has no name`)
    if (value !== undefined) found.set(key, value)
  }
  return found
}

async function textsAt (wire: Wire, ranges: readonly Range[], what: string): Promise<string[]> {
  const all: string[] = []
  for (const range of ranges) all.push(await textAt(wire, range, what))
  return all
}
