/** What a model gives for the first reported examples: by it a peer shows that it has the same model. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createPredictor } from '../../src/engine/predict.ts'
import { loadEngine } from '../../src/engine/runtime.ts'
import { readModel } from '../../src/models/formats/index.ts'
import { openFile } from '../../src/worker/files.ts'

const SIDE = 28
const HEADER = 16

/** `folder`: of idx files. Shape [examples][classes]. */
export async function outputsOf (path: string, folder: string, examples: number): Promise<number[][]> {
  const source = await openFile(path)
  try {
    const { tf } = await loadEngine()
    const predictor = await createPredictor(tf, await readModel(source))
    const pixels = (await readFile(join(folder, 't10k-images-idx3-ubyte'))).subarray(HEADER, HEADER + examples * SIDE * SIDE)
    const [output] = await predictor.predict([{ values: Float32Array.from(pixels, (pixel) => pixel / 255), shape: [examples, SIDE, SIDE, 1] }])
    predictor.dispose()
    const classes = output!.shape[1]!
    return Array.from({ length: examples }, (_, row) => [...output!.values.subarray(row * classes, (row + 1) * classes)])
  } finally {
    await source.close()
  }
}
