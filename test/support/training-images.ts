/** A data set to train on: the first of the test images, scaled to 0 to 1, as an .npz file without parts. */
import { writeFile } from 'node:fs/promises'
import { readDataset } from '../../src/datasets/index.ts'
import { IMAGES, openFixture } from './fixtures.ts'
import { npzOf } from './npz.ts'

export async function trainingImages (examples: number): Promise<Uint8Array<ArrayBuffer>> {
  const images = await openFixture(IMAGES)
  try {
    const { features, targets } = (await readDataset(images)).splits.test!
    const x = (await features[0]!.read(0, examples)).map((value) => value / 255)
    return await npzOf({ x: { shape: [examples, 28, 28], values: x }, y: { shape: [examples], values: await targets[0]!.read(0, examples) } })
  } finally {
    await images.close()
  }
}

export async function writeTrainingImages (file: string, examples: number): Promise<void> {
  await writeFile(file, await trainingImages(examples))
}
