/** Whether channels of a model can be taken out after pruning, told before anything is done. */
import { EspalierError } from '../../errors.ts'
import { whyNoGraph } from '../../models/architecture/no-graph.ts'
import type { ModelFile } from '../../models/model.ts'
import type { Recipe } from '../../pruning/recipe.ts'

/** Said of a plan. */
export const SHRINK_LATER = 'channels that died whole are taken out by the job ("shrink"): sizes are planned with their zeros in place'

/** Throws `unsupported-layer` for a model whose channels cannot be followed, before anything is done with it. */
export function assertShrinkable ({ shrink }: Recipe, { architecture }: ModelFile): void {
  if (shrink !== true || architecture.graph !== undefined) return
  throw new EspalierError('unsupported-layer', `"shrink" takes channels out along the layer graph: ${whyNoGraph(architecture)}; leave "shrink" out`)
}
