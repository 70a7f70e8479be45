/** A data set file to train on: the first of the test images, scaled to 0 to 1. */
import { writeFile } from 'node:fs/promises'
import { readDataset } from '../../src/datasets/index.ts'
import { IMAGES, openFixture } from './fixtures.ts'
import { npzOf } from './npz.ts'

export async function writeTrainingImages (file: string, examples: number): Promise<void> {
  const images = await openFixture(IMAGES)
  const { features, targets } = (await readDataset(images)).splits.test!
  const x = (await features[0]!.read(0, examples)).map((value) => value / 255)
  await writeFile(file, await npzOf({ x: { shape: [examples, 28, 28], values: x }, y: { shape: [examples], values: await targets[0]!.read(0, examples) } }))
  await images.close()
}
