/** A service that a model and images to train it on were uploaded to. */
import path from 'node:path'
import { pathOf } from './fixtures.ts'
import { openService, type TestService } from './service.ts'
import { writeTrainingImages } from './training-images.ts'

export interface StockedService {
  readonly service: TestService
  /** Ids. */
  readonly model: string
  readonly dataset: string
}

/** `model`: path in the repository; `examples`: how many images. */
export async function openStockedService (model: string, examples: number): Promise<StockedService> {
  const service = await openService()
  const { id } = await service.client.uploadModel(pathOf(model))
  const file = path.join(service.home, 'images.npz')
  await writeTrainingImages(file, examples)
  return { service, model: id, dataset: (await service.client.uploadDataset(file)).id }
}
