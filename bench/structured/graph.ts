/** Seconds from a model to a smaller one: channels coupled, grouped, scored, chosen and taken out. */
import { coupleModel, rankCoupled } from '../../src/methods/structured/channels.ts'
import { scoreChannels } from '../../src/methods/structured/scores.ts'
import { countModel } from '../../src/models/counts.ts'
import type { ModelFile } from '../../src/models/model.ts'
import { parseRecipe } from '../../src/pruning/recipe.ts'
import { createCut, shrinkModel } from '../../src/pruning/structure/shrink.ts'
import { residualNetwork } from './network.ts'

export interface GraphTimes {
  /** Of each round: by the clock, and of the processor, which other work on the machine does not lengthen as much. */
  readonly seconds: number[]
  readonly processorSeconds: number[]
  readonly convolutions: number
  readonly weightsBefore: number
  readonly weights: number
}

export async function timeGraph (rounds: number, ratio: number): Promise<GraphTimes> {
  const recipe = parseRecipe({ method: 'structured', target: { channels: ratio } })
  const model = residualNetwork(1)
  const { signal } = new AbortController()
  const seconds: number[] = []
  const processorSeconds: number[] = []
  let made: ModelFile = model
  for (let round = 0; round < rounds; round++) {
    const [begin, used] = [performance.now(), process.cpuUsage()]
    const coupled = coupleModel(model, recipe)
    const scored = await scoreChannels({ recipe, model, signal }, coupled.structure)
    const choice = rankCoupled(coupled, scored, recipe)
    made = await shrinkModel(model, createCut(coupled.structure, choice.goneAt(Math.floor(ratio * choice.competing + 0.5))))
    seconds.push((performance.now() - begin) / 1000)
    const { user, system } = process.cpuUsage(used)
    processorSeconds.push((user + system) / 1e6)
  }
  const convolutions = model.layers.filter(({ className }) => className === 'Conv2D').length
  return { seconds, processorSeconds, convolutions, weightsBefore: (await countModel(model)).weights, weights: (await countModel(made)).weights }
}
