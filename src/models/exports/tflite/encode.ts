/** A graph as a TFLite model in float32. */
import { withoutDead, type ExportGraph } from '../graph.ts'
import { TfliteEncoder } from './encoder.ts'
import { fuseActivations } from './fuse.ts'
import type { TfliteModel } from './model.ts'
import { ENCODINGS, type Encoding } from './encodings.ts'

const PRODUCER = 'espalier'

/** Throws `unsupported-layer`, naming the layer, where TFLite has no operator for it. */
export function encodeTflite (graph: ExportGraph): TfliteModel {
  const encoder = new TfliteEncoder()
  const { inputs, outputs, operations, inputNames, outputNames } = withoutDead(graph)
  const fed = inputs.map((input) => encoder.tensor(input))
  for (const operation of operations) {
    const encoding = ENCODINGS[operation.kind] as Encoding<unknown>
    encoding(encoder, operation.inputs, operation.output, operation.attributes, operation.layer)
  }
  return fuseActivations({
    description: PRODUCER,
    tensors: encoder.tensors,
    operators: encoder.operators,
    inputs: fed,
    outputs: outputs.map((output) => encoder.tensor(output)),
    inputNames,
    outputNames,
  })
}
