/** ONNX in int8: weights with a scale for each output, activations by ranges seen on data, biases as int32, between operators that quantize and dequantize. */
import { withoutDead, type ExportGraph, type Operation, type Value } from '../graph.ts'
import type { OperatorName } from '../operators.ts'
import type { Quantization } from '../tflite/model.ts'
import { quantizationOf, quantizeBias, quantizeWeights } from '../tflite/numbers.ts'
import type { Ranges } from '../tflite/int8.ts'
import { writeOnnx } from './encode.ts'
import type { OnnxEncoder, Rounding } from './encoder.ts'

/** Operators whose results are quantized; `same`: as what they are given, which they only move. */
const RULES: { readonly [Name in OperatorName]?: 'own' | 'same' } = {
  conv2d: 'own',
  depthwise: 'own',
  dense: 'own',
  relu: 'own',
  relu6: 'own',
  leakyRelu: 'own',
  add: 'own',
  mul: 'own',
  mean: 'own',
  averagePool: 'own',
  concat: 'own',
  maxPool: 'same',
  reshape: 'same',
  transpose: 'same',
  slice: 'same',
}

/** Runtimes have these within the operator before: what is between is not rounded. */
const WITHIN = new Set<OperatorName>(['relu', 'relu6'])

/** Activations are uint8, which the kernels of onnxruntime for x86 multiply by int8; those of other processors take both. */
const TO_UINT8 = 128

/** `ranges` names every activation. Inputs and outputs of the model stay float32. */
export function writeOnnxInt8 (given: ExportGraph, ranges: Ranges): Uint8Array {
  const graph = withoutDead(given)
  const readers = readersOf(graph)
  const made = new Map(graph.operations.map((operation) => [operation.output, operation]))
  return writeOnnx(graph, {
    rounding: ROUNDING,
    after (e, value) {
      if (!isQuantized(value, made.get(value), readers.get(value) ?? [])) return
      const operation = made.get(value)
      const moved = operation !== undefined && RULES[operation.kind] === 'same' ? e.quantizationOf(operation.inputs[0]!) : undefined
      quantize(e, value, moved ?? quantizationOf(ranges.get(value.name) ?? { min: 0, max: 0 }))
    },
  })
}

/** Results that only the outputs of the model take stay as they are, and so do indices, which nothing rounds. */
function isQuantized ({ type }: Value, operation: Operation | undefined, readers: readonly Operation[]): boolean {
  if (type !== 'float32' || readers.length === 0) return false
  if (operation === undefined) return readers.every(({ kind }) => RULES[kind] !== undefined)
  return RULES[operation.kind] !== undefined && !(readers.length === 1 && WITHIN.has(readers[0]!.kind) && RULES[operation.kind] === 'own')
}

function readersOf ({ operations }: ExportGraph): Map<Value, Operation[]> {
  const readers = new Map<Value, Operation[]>()
  for (const operation of operations) for (const input of operation.inputs) readers.set(input, [...readers.get(input) ?? [], operation])
  return readers
}

/** The value through uint8 and back. */
function quantize (e: OnnxEncoder, value: Value, quantization: Quantization): void {
  const scale = e.constant('scale', [], 'float32', Float32Array.from(quantization.scales))
  const zero = e.constant('zero', [], 'uint8', Uint8Array.of(quantization.zeroPoints[0]! + TO_UINT8))
  const stored = e.between('QuantizeLinear', [e.name(value), scale, zero])
  e.replace(value, e.between('DequantizeLinear', [stored, scale, zero]), quantization)
}

export const ROUNDING: Rounding = {
  kernel (e, { name, values, shape, axis }) {
    const { data, quantization: { scales } } = quantizeWeights(values, shape, axis)
    const given = [e.constant(name, shape, 'int8', data), e.constant('scales', [scales.length], 'float32', Float32Array.from(scales)), e.constant('zeros', [scales.length], 'int8', new Int8Array(scales.length))]
    return { name: e.between('DequantizeLinear', given, { axis }), scales }
  },
  bias (e, { name, shape, numbers }, steps) {
    const { data, quantization: { scales } } = quantizeBias(numbers as Float32Array, steps)
    return e.between('DequantizeLinear', [e.constant(name, shape as number[], 'int32', data), e.constant('scales', [scales.length], 'float32', Float32Array.from(scales))], { axis: 0 })
  },
}
