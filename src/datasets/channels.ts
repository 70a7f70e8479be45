/** Images of [height, width, channels] as [channels, height, width]. */
import { sizeOf, type Shape } from '../models/tensor.ts'
import type { ExampleArray } from './dataset.ts'

/** The shape with its last axis in front. */
export function channelsFirst (shape: Shape): Shape {
  return [shape.at(-1)!, ...shape.slice(0, -1)]
}

/** The array with the last axis of every example moved to the front. */
export function movedToFront (array: ExampleArray): ExampleArray {
  const channels = array.shape.at(-1)!
  const size = sizeOf(array.shape)
  const places = size / channels
  return {
    ...array,
    shape: channelsFirst(array.shape),
    async read (from, to) {
      const values = await array.read(from, to)
      if (channels === 1 || places === 1) return values
      const moved = new Float32Array(values.length)
      for (let start = 0; start < values.length; start += size) {
        for (let channel = 0; channel < channels; channel++) {
          const at = start + channel * places
          for (let place = 0; place < places; place++) moved[at + place] = values[start + place * channels + channel]!
        }
      }
      return moved
    },
  }
}
