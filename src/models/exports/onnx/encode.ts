/** A graph as an ONNX model: in float32, or as a form of it has it. */
import { EspalierError } from '../../../errors.ts'
import { withoutDead, type ExportGraph, type Value } from '../graph.ts'
import { OnnxEncoder, type Rounding } from './encoder.ts'
import { ENCODINGS, type Encoding } from './encodings.ts'
import { modelMessage, PLAIN_VERSION, type OnnxVersion } from './messages.ts'

const PRODUCER = 'espalier'

/** A message has at most 2 GiB; its weights lie within. */
const MAX_BYTES = 2 ** 31 - 1

/** What a form of fewer bits does otherwise. */
export interface OnnxForm {
  readonly rounding: Rounding
  readonly version?: OnnxVersion
  /** Called for each input and each result as soon as it is there. */
  after? (e: OnnxEncoder, value: Value): void
}

/** Inputs and outputs have the names that the model gives them. Throws `limit-exceeded` for weights that no single file holds. */
export function writeOnnx (given: ExportGraph, form?: OnnxForm): Uint8Array {
  const graph = withoutDead(given)
  const e = new OnnxEncoder(form?.rounding)
  for (const [index, input] of graph.inputs.entries()) if (graph.inputNames[index] !== input.name) e.add('Identity', [graph.inputNames[index]!], input.name)
  for (const input of graph.inputs) form?.after?.(e, input)
  for (const operation of graph.operations) {
    const encoding = ENCODINGS[operation.kind] as Encoding<unknown>
    encoding(e, operation.inputs, operation.output, operation.attributes, operation.layer)
    form?.after?.(e, operation.output)
  }
  const names = graph.outputNames.map((name) => graph.inputNames.includes(name) ? `${name}_output` : name)
  for (const [index, output] of graph.outputs.entries()) e.add('Identity', [output.name], names[index]!)
  const total = e.initializers.reduce((sum, { data }) => sum + data.length, 0)
  if (total > MAX_BYTES * 0.9) throw new EspalierError('limit-exceeded', `the model has ${total} bytes of weights; an ONNX file holds less than 2 GiB`)
  return modelMessage(PRODUCER, {
    name: graph.name,
    nodes: e.nodes,
    initializers: e.initializers,
    inputs: graph.inputs.map(({ shape, type }, index) => ({ name: graph.inputNames[index]!, shape, type })),
    outputs: graph.outputs.map(({ shape, type }, index) => ({ name: names[index]!, shape, type })),
  }, form?.version ?? PLAIN_VERSION)
}
