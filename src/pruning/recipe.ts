/** The recipe: schema, defaults and validation with paths. */

/** A recipe after validation, every default filled in. */
export interface Recipe {
  readonly method: string
  readonly criterion?: string
  readonly granularity: { readonly type: 'weight' }
  readonly scope: string
  readonly target: { readonly sparsity: number } | { readonly threshold: number } | null
  readonly layers: ReadonlyArray<{ readonly match: string, readonly sparsity?: number, readonly threshold?: number, readonly skip?: boolean }>
  readonly evaluation: false | { readonly split: number | null, readonly batchSize: number, readonly predictions: number, readonly latency: boolean, readonly loss: string, readonly task: string }
  readonly inputs: { readonly scale: number, readonly offset: number } | null
  readonly output: readonly string[] | null
  readonly compress: boolean
  readonly optimizerState: 'keep' | 'drop'
  readonly seed: number
  readonly stages: readonly never[]
}
