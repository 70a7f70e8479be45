/** Limits of what is read out of a configuration, each with the reason for its value. */
import { EspalierError } from '../../errors.ts'

/** Layers of a model, nested ones included; the largest published Keras models have some 3,000. */
export const MAX_LAYERS = 20_000

/** Applications of layers: a nested model that is used twice in a nested model that is used twice, ... doubles with each level. */
export const MAX_NODES = 100_000

/** Models within models; reading them is recursive. */
export const MAX_NESTING = 24

/** Inputs of one call (Concatenate takes some hundred in dense blocks). */
export const MAX_CALL_INPUTS = 10_000

/** Characters of a name, which becomes part of paths and messages. */
export const MAX_NAME = 512

/** Throws `limit-exceeded` when there are more than `limit`. */
export function assertAtMost (count: number, limit: number, what: string): void {
  if (count > limit) throw new EspalierError('limit-exceeded', `the configuration has ${count} ${what}, at most ${limit} are read`, { limit, count })
}
