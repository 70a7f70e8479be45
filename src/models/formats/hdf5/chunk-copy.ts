/** Copying of a chunk into the range of rows it belongs to, cut off at the edges. */

/**
 * @param chunk bytes of a whole chunk of shape `chunkShape`
 * @param band bytes of an array of shape `bandShape`, of the same rank; written to
 * @param position of the chunk, in chunks
 * @param elementSize in bytes
 */
export function copyChunk (
  chunk: Uint8Array, chunkShape: readonly number[], band: Uint8Array, bandShape: readonly number[], position: readonly number[], elementSize: number
): void {
  const rank = bandShape.length
  const origin = bandShape.map((_, axis) => (position[axis] as number) * (chunkShape[axis] as number))
  const extent = bandShape.map((size, axis) => Math.min(chunkShape[axis] as number, size - (origin[axis] as number)))
  // Axes at the end that chunk and band share whole are copied in one run together with the axis before them.
  let run = rank - 1
  while (run > 0 && chunkShape[run] === bandShape[run]) run--
  const after = (shape: readonly number[], axis: number): number => shape.slice(axis + 1).reduce((product, size) => product * size, elementSize)
  const chunkStride = chunkShape.map((_, axis) => after(chunkShape, axis))
  const bandStride = bandShape.map((_, axis) => after(bandShape, axis))
  const length = rank === 0 ? elementSize : (extent[run] as number) * (chunkStride[run] as number)
  const copy = (axis: number, from: number, to: number): void => {
    if (axis >= run) {
      band.set(chunk.subarray(from, from + length), to)
      return
    }
    for (let i = 0; i < (extent[axis] as number); i++) copy(axis + 1, from + i * (chunkStride[axis] as number), to + i * (bandStride[axis] as number))
  }
  copy(0, 0, origin.reduce((sum, at, axis) => sum + at * (bandStride[axis] as number), 0))
}
