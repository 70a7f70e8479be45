/** What a method is: a whole procedure from a model to new values for its tensors. */
import type { ReceiptLayer } from './receipt.ts'
import type { ModelFile, TensorChanges } from '../models/model.ts'
import type { MethodName } from '../pruning/method-rules.ts'
import type { Recipe } from '../pruning/recipe.ts'

export interface MethodContext {
  readonly recipe: Recipe
  readonly model: ModelFile
  readonly signal: AbortSignal
}

export interface MethodResult {
  /** Only tensors in which something changed. */
  readonly changes: TensorChanges
  /** One row for each layer with weights, in the file's order. */
  readonly layers: readonly ReceiptLayer[]
  /** The weights that competed: how many, and how many of them are zero before and after. */
  readonly pool: { readonly weights: number, readonly zerosBefore: number, readonly zeros: number }
  /** The largest magnitude that was zeroed by a ranking over all layers; null where there is none. */
  readonly threshold: number | null
}

export interface Method {
  readonly name: MethodName
  /** Static methods act on a trained model without updating weights by gradient descent. */
  readonly kind: 'static'
  readonly description: string
  /** Does it write models? When not, the job's outputs are measurements only. */
  readonly writesModel: boolean
  /** Throws `nothing-pruned` or `target-missed` where a result would not be what was asked. */
  run (context: MethodContext): Promise<MethodResult>
}
