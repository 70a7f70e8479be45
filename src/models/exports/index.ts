/** The table of exports: forms of a model that run on devices and are not read here as models. One line each. */
import type { ExportGraph } from './graph.ts'
import { bytesOfCArray, cArrayOf } from './tflite/c-array.ts'
import { withDynamicRange } from './tflite/dynamic-range.ts'
import { encodeTflite } from './tflite/encode.ts'
import { withHalves } from './tflite/float16.ts'
import { withInt8, type Ranges } from './tflite/int8.ts'
import { writeOnnx } from './onnx/encode.ts'
import { writeOnnxInt4 } from './onnx/int4.ts'
import { writeOnnxInt8 } from './onnx/int8.ts'
import type { TfliteModel } from './tflite/model.ts'
import { readTflite } from './tflite/read.ts'
import { withSparseWeights } from './tflite/sparse.ts'
import { writeTflite } from './tflite/write.ts'

export type { Ranges } from './tflite/int8.ts'

/** Where only sizes are asked: every name has some range. */
export const NO_RANGES: Ranges = new Map()

export interface ModelExport<Name extends string = string> {
  readonly name: Name
  /** With the dot; unlike for every export, so that several of one model lie side by side. */
  readonly extension: string
  readonly description: string
  /** It needs the ranges of all activations, seen on data. */
  readonly calibrates?: true
  /** What runs the file in a job gives rounded predictions. */
  readonly rounds?: true
  /** Throws `unsupported-layer`, naming the layer, for what it cannot compute, and `limit-exceeded` for what no such file holds. */
  write (graph: ExportGraph, ranges: Ranges): Uint8Array
  /** Reads a file of it; throws `invalid-model`. Absent where the file is a model here. */
  read? (bytes: Uint8Array): TfliteModel
  /** The file in TFLite's own form that a file of it holds. */
  tfliteIn? (bytes: Uint8Array): Uint8Array
}

/** The name of the constants in C. */
const C_NAME = 'model'

function tflite<Name extends string> (name: Name, extension: string, description: string, change: (model: TfliteModel, ranges: Ranges) => TfliteModel, traits: Pick<ModelExport, 'calibrates' | 'rounds'> = {}): ModelExport<Name> {
  return { name, extension, description, ...traits, write: (graph, ranges) => writeTflite(change(encodeTflite(graph), ranges)), read: readTflite, tfliteIn: (bytes) => bytes }
}

function inC<Name extends string> (name: Name, extension: string, of: ModelExport): ModelExport<Name> {
  return {
    name, extension, description: `${of.description}, as a C array`, ...of.calibrates && { calibrates: true }, ...of.rounds && { rounds: true }, write: (graph, ranges) => cArrayOf(of.write(graph, ranges), C_NAME), read: (bytes) => of.read!(bytesOfCArray(bytes)), tfliteIn: bytesOfCArray,
  }
}

const float32 = tflite('tflite', '.tflite', 'TFLite in float32', (model) => model)
const int8 = tflite('tflite-int8', '.int8.tflite', 'TFLite with int8 weights and activations, by ranges seen on calibration data', withInt8, { calibrates: true, rounds: true })

export const EXPORTS = {
  tflite: float32,
  'tflite-float16': tflite('tflite-float16', '.float16.tflite', 'TFLite with float16 weights', withHalves, { rounds: true }),
  'tflite-dynamic': tflite('tflite-dynamic', '.dynamic.tflite', 'TFLite with int8 weights and float32 activations', withDynamicRange, { rounds: true }),
  'tflite-int8': int8,
  'tflite-sparse': tflite('tflite-sparse', '.sparse.tflite', 'TFLite in float32 with pruned weights as compressed rows', withSparseWeights),
  'tflite-c': inC('tflite-c', '.h', float32),
  'tflite-int8-c': inC('tflite-int8-c', '.int8.h', int8),
  'onnx-export': { name: 'onnx-export', extension: '.export.onnx', description: 'ONNX in float32, made of the layer graph of a Keras model', write: (graph) => writeOnnx(graph) },
  'onnx-int8': { name: 'onnx-int8', extension: '.int8.onnx', description: 'ONNX with int8 weights and activations, by ranges seen on calibration data', calibrates: true, rounds: true, write: writeOnnxInt8 },
  'onnx-int4': { name: 'onnx-int4', extension: '.int4.onnx', description: 'ONNX with weights of four bits for dense layers and int8 for convolutions', rounds: true, write: writeOnnxInt4 },
} as const satisfies { readonly [Name in string]: ModelExport<Name> }

export type ExportName = keyof typeof EXPORTS

export function isExport (name: string): name is ExportName {
  return Object.hasOwn(EXPORTS, name)
}
