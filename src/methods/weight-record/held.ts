/** Records weights that are in memory, or can be: one tensor after the other. */
import type { MethodResult } from '../method.ts'
import { newGap, widenGap } from './gap.ts'
import { packNonzeros } from './mask-bits.ts'
import { packKept } from './matrix-order.ts'
import { createSpread, type SpreadFigures } from './spread.ts'
import { describe, roomForMask, stepFor, type Recorded } from './tensors.ts'
import type { RecordWriter } from './writer.ts'

export async function recordHeld (tensors: readonly Recorded[], { changes }: Pick<MethodResult, 'changes'>, writer: RecordWriter, signal: AbortSignal): Promise<void> {
  for (const one of tensors) {
    signal.throwIfAborted()
    const { weight: { tensor }, made, weights } = one
    const before = await tensor.read()
    const after = changes.get(made.key) ?? (made === tensor ? before : await made.read())
    const step = stepFor(weights)
    const [given, now] = [sampleOf(before, step), after === before ? null : sampleOf(after, step)]
    const gap = newGap()
    widenGap(gap, now ?? given, made.kept === undefined ? given : undefined)
    const spread = spreadOf(given)
    const room = roomForMask(weights)
    if (room !== null && made.kept === undefined) packNonzeros(after, room)
    const bits = room !== null && made.kept !== undefined ? packKept(after, made.kept, tensor.shape) : room
    const { record, mask } = describe(one, { before: spread, after: now === null ? spread : spreadOf(now), gap, step }, bits)
    writer.add(one.place, record, mask)
  }
}

function sampleOf (values: Float32Array, step: number): Float32Array {
  return step === 1 ? values : Float32Array.from({ length: Math.ceil(values.length / step) }, (_, index) => values[index * step]!)
}

function spreadOf (values: Float32Array): SpreadFigures {
  const spread = createSpread()
  spread.add(values)
  return spread.figures()
}
