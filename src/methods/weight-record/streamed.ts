/** Records weights that are too large to be held: looked at while their output is written. */
import { withRaw, type FileTensor } from '../../models/formats/file-tensor.ts'
import { decodeNumbers } from '../../models/formats/hdf5/index.ts'
import type { StreamedChange } from '../../models/model.ts'
import type { StreamedResult } from '../method.ts'
import { newGap, widenGap } from './gap.ts'
import { packRaw } from './mask-bits.ts'
import { createSpread } from './spread.ts'
import { describe, roomForMask, stepFor, type Recorded } from './tensors.ts'
import type { RecordWriter } from './writer.ts'

export interface Watched {
  /** The changes, to be made once by whoever writes: what is made is looked at. */
  readonly changes: ReadonlyMap<string, StreamedChange>
  /** When they were made: the tensors that have none. */
  finish (): Promise<void>
}

export function watchStreamed (tensors: readonly Recorded[], { changes }: StreamedResult, writer: RecordWriter, signal: AbortSignal): Watched {
  const byKey = new Map(tensors.map((one) => [one.weight.tensor.key, one]))
  const watched = new Map([...changes].map(([key, change]) => {
    const one = byKey.get(key)
    return [key, one === undefined ? change : watch(change, one, writer)] as const
  }))
  return {
    changes: watched,
    async finish () {
      for (const one of tensors) {
        if (changes.has(one.weight.tensor.key)) continue
        const look = lookAt(one, writer)
        let first = 0
        for await (const raw of look.tensor.raw()) {
          signal.throwIfAborted()
          look.add(first, look.sample(first, raw), raw)
          first += raw.length / look.tensor.datatype.size
        }
      }
    },
  }
}

function watch (change: StreamedChange, one: Recorded, writer: RecordWriter): StreamedChange {
  let look = lookAt(one, writer)
  return {
    ...change,
    apply (first, raw) {
      // Some formats make it once for its checksum and again to write it.
      if (look.isDone()) return change.apply(first, raw)
      if (first === 0) look = lookAt(one, writer)
      const before = look.sample(first, raw)
      change.apply(first, raw)
      look.add(first, before, raw)
    },
  }
}

interface Look {
  readonly tensor: FileTensor
  /** Of raw elements from number `first` on, those that are looked at. */
  sample (first: number, raw: Uint8Array): Float32Array
  /** `before`: the sample of the same elements as they were. The record is written with the last of them. */
  add (first: number, before: Float32Array, raw: Uint8Array): void
  isDone (): boolean
}

function lookAt (one: Recorded, writer: RecordWriter): Look {
  const tensor = withRaw(one.weight.tensor)
  const { size } = tensor.datatype
  const step = stepFor(one.weights)
  const [before, after, gap] = [createSpread(), createSpread(), newGap()]
  let bits: Uint8Array | null | undefined
  let seen = 0

  function sample (first: number, raw: Uint8Array): Float32Array {
    if (step === 1) return decodeNumbers(raw, tensor.datatype)
    const skip = (step - first % step) % step
    const count = Math.max(0, Math.ceil((raw.length / size - skip) / step))
    const taken = new Uint8Array(count * size)
    for (let index = 0; index < count; index++) {
      const from = (skip + index * step) * size
      for (let byte = 0; byte < size; byte++) taken[index * size + byte] = raw[from + byte]!
    }
    return decodeNumbers(taken, tensor.datatype)
  }

  return {
    tensor,
    sample,
    add (first, given, raw) {
      const made = sample(first, raw)
      before.add(given)
      after.add(made)
      widenGap(gap, made, given)
      if (bits === undefined) bits = roomForMask(one.weights)
      if (bits !== null) packRaw(raw, tensor.datatype, bits, first)
      seen += raw.length / size
      if (seen !== one.weights) return
      const { record, mask } = describe(one, { before: before.figures(), after: after.figures(), gap, step }, bits)
      writer.add(one.place, record, mask)
      bits = undefined
    },
    isDone: () => seen === one.weights,
  }
}
