/** What runs each stage: one line each. */
import type { StageName } from '../../pruning/stages/index.ts'
import { cluster } from './cluster.ts'
import { fineTune } from './fine-tune.ts'
import { fold } from './fold.ts'
import { lowRank } from './low-rank.ts'
import { prune } from './prune.ts'
import { quantize } from './quantize.ts'
import { shrink } from './shrink.ts'
import type { Stage } from './stage.ts'

export const STAGE_RUNNERS: { readonly [Name in StageName]: Stage } = {
  prune,
  'fine-tune': fineTune,
  shrink,
  fold,
  'low-rank': lowRank,
  cluster,
  quantize,
}
