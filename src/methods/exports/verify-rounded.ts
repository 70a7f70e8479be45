/** Reads a file with rounded weights back: each within its step, zeros as zeros, and what it then predicts. */
import { EspalierError } from '../../errors.ts'
import type { ByteSource } from '../../models/bytes.ts'
import { ROUNDED, type RoundedName } from '../../models/exports/rounded.ts'
import { readModel } from '../../models/formats/index.ts'
import { sizeOf } from '../../models/tensor.ts'
import { valuesOf } from '../../models/formats/file-tensor.ts'
import { comparePredictions, FINITE, type Expected, type Verification } from '../verify.ts'

/** How far from its value a weight may be, by the least and the largest of its tensor with 0: half a step, and how much a scale of 8 bits is too large. */
const REACH = {
  uint8: (_: number, low: number, high: number) => (high - low) / 254 / 2 * (1 + 2 ** -6),
  uint16: (_: number, low: number, high: number) => (high - low) / 65_534 / 2 * (1 + 2 ** -6),
  // Eleven bits, and the step of the smallest numbers.
  float16: (value: number) => Math.max(Math.abs(value) * 2 ** -11, 2 ** -25),
} as const

/** Throws `verification-failed` naming the file and the weight. How far predictions move is told, not judged. */
export async function verifyRounded (name: string, format: RoundedName, source: ByteSource, { model, changes, probe, reason }: Expected): Promise<Verification> {
  const written = await readModel(source)
  const { weights } = ROUNDED[format]
  const layers = new Map(written.layers.map((layer) => [layer.path, layer]))
  const values = new Map<string, Float32Array>()
  for (const layer of model.layers) {
    for (const { role, tensor } of layer.weights) {
      const where = `${layer.path}/${role}`
      const found = layers.get(layer.path)?.weights.find((other) => other.role === role)?.tensor
      if (found === undefined) throw new EspalierError('verification-failed', `${name} was read back: ${where} is missing`, { name, where })
      const read = await found.read()
      const wanted = new Float32Array(sizeOf(tensor.shape))
      let at = 0
      for await (const piece of valuesOf(tensor, changes)) {
        wanted.set(piece, at)
        at += piece.length
      }
      assertNear(name, where, read, wanted, tensor.shape.length < 2 ? () => 0 : REACH[weights])
      values.set(found.key, read)
    }
  }
  const parts = `read back: all weights are the nearest of ${weights}, zeros are zeros`
  if (probe === undefined) return { verified: true, verification: `${parts}; predictions were not compared (${reason ?? 'the model cannot be run'})`, maxDifference: null }
  const predictor = await probe.load(written, values)
  try {
    const maxDifference = comparePredictions(name, await predictor.predict(probe.inputs), probe.outputs, FINITE)
    return { verified: true, verification: `${parts}; how far predictions of ${probe.inputs[0]?.shape[0] ?? 0} examples move by it is told, not judged`, maxDifference }
  } finally {
    predictor.dispose()
  }
}

function assertNear (name: string, where: string, read: Float32Array, wanted: Float32Array, reach: (value: number, low: number, high: number) => number): void {
  const low = wanted.reduce((least, value) => Math.min(least, value), 0)
  const high = wanted.reduce((most, value) => Math.max(most, value), 0)
  const at = wanted.findIndex((value, index) => {
    const other = read[index] ?? Number.NaN
    return value === 0 ? other !== 0 : !(Math.abs(other - value) <= reach(value, low, high))
  })
  if (at >= 0 || read.length !== wanted.length) throw new EspalierError('verification-failed', `${name} was read back: ${where}[${at}] is ${read[at]}, ${wanted[at]} was to be rounded`, { name, where, at })
}
