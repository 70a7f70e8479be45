/** A model without every third of the channels that may go. */
import type { ModelFile } from '../../src/models/model.ts'
import { coupleChannels } from '../../src/pruning/structure/couple.ts'
import { groupChannels } from '../../src/pruning/structure/groups.ts'
import { createCut, shrinkModel } from '../../src/pruning/structure/shrink.ts'

export async function withoutEveryThird (model: ModelFile): Promise<ModelFile> {
  const structure = coupleChannels(model.architecture)
  const gone = new Set(groupChannels(structure).flatMap(({ channels }) => channels.filter((_, index) => index % 3 === 2).map(({ root }) => root)))
  return await shrinkModel(model, createCut(structure, gone))
}
