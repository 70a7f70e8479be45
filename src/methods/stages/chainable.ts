/** Whether stages can be run on a model, told before anything is done. */
import { EspalierError } from '../../errors.ts'
import { whyNoGraph } from '../../models/architecture/no-graph.ts'
import type { ModelFile } from '../../models/model.ts'
import type { Recipe } from '../../pruning/recipe.ts'

/** Said of a plan: the figures are those of the method alone. */
export const STAGES_LATER = (stages: Recipe['stages']): string => `what the stages do (${stages.map(({ stage }) => stage).join(', ')}) comes out when the job runs: the plan is of the method before them`

/** Throws `unsupported-layer` for a model without a layer graph, before anything is done with it. */
export function assertChainable ({ stages }: Pick<Recipe, 'stages'>, { architecture }: Pick<ModelFile, 'architecture'>): void {
  if (stages.length === 0 || architecture.graph !== undefined) return
  throw new EspalierError('unsupported-layer', `"stages" work along the layer graph: ${whyNoGraph(architecture)}; leave "stages" out`)
}
