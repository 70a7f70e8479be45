/** What a granularity is: it says which elements of a tensor are removed together. */
import type { TSchema } from 'typebox'
import type { WeightSpec } from '../../models/architecture/types.ts'
import type { Problem } from '../validate.ts'

/** How the elements of one tensor fall into groups that are pruned together. */
export interface Grouping {
  /** Number of groups. */
  readonly groups: number
  /** Row-major element -> group, int32, of the tensor's size. */
  readonly of: Int32Array
  /** Elements of each group. */
  readonly sizes: Int32Array
  /** n:m only: within each group of m elements so many are removed when the group is pruned (the least ones); absent: all of the group. */
  readonly removes?: number
}

/** What a granularity needs to know of a tensor. */
export interface GroupedTensor {
  readonly name: string
  readonly shape: readonly number[]
  /** Absent for layers we do not know: the last axis then tells outputs apart and the others inputs. */
  readonly axes?: WeightSpec['axes']
  /** The Keras class of its layer, which may be a wrapper. */
  readonly className: string
  readonly role: string
}

/** Why a tensor cannot be pruned this way. */
export interface Refusal { readonly refused: string }

export interface Granularity<Options, Input extends TSchema = TSchema> {
  readonly description: string
  /** Its settings in a recipe. */
  readonly input: Input
  /** What the schema cannot tell about settings that it lets through; absent when there is no such thing. */
  problems? (options: Options, path: string): Problem[]
  /** null: the granularity is `weight` in effect (every element its own group): no arrays needed. A string: why the tensor cannot be pruned this way. */
  group (tensor: GroupedTensor, options: Options): Grouping | null | Refusal
}
