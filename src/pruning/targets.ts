/** What can be asked of a pruned model: the table of targets, one line each. */
import { Type, type TSchema } from 'typebox'

export interface TargetKind {
  readonly description: string
  readonly schema: TSchema
  /** How the sparsity that meets it is found; without: it is the sparsity, or none is needed. */
  readonly search?: 'size' | 'accuracy' | 'latency'
}

export const SIZE_FORMS = ['gzip', 'file', 'sparse'] as const
export const THRESHOLD_UNITS = ['absolute', 'std'] as const

export const sparsity = Type.Number({ minimum: 0, exclusiveMaximum: 1, description: 'share of the weights that become zero, in [0, 1): 0.9 is 90 %' })
export const threshold = Type.Number({ minimum: 0, description: 'weights with a magnitude of at most this become zero' })

export const TARGETS = {
  sparsity: { description: 'this share of the prunable weights is zero', schema: sparsity },
  threshold: { description: 'weights with a magnitude of at most this are zero', schema: threshold },
  channels: {
    description: 'this share of the channels that may go is taken out',
    schema: Type.Number({ exclusiveMinimum: 0, exclusiveMaximum: 1, description: 'share of the channels that go, in (0, 1): 0.5 is half of them' }),
  },
  params: {
    description: 'at most so many trainable parameters are not zero: the least sparsity, or share of channels, that comes to it',
    schema: Type.Number({ exclusiveMinimum: 0, description: 'trainable parameters that may stay other than zero, biases included; below 1 a share of those that are not zero now' }),
    search: 'size',
  },
  macs: {
    description: 'at most so many multiplications by weights that are not zero, for one example: the least sparsity, or share of channels, that comes to it',
    schema: Type.Number({ exclusiveMinimum: 0, description: 'multiply-accumulates for one example, not counting those by a zero weight; below 1 a share of those that there are now' }),
    search: 'size',
  },
  peakMemory: {
    description: 'at most so many bytes of activations at once, for one example in float32: the least share of channels that comes to it',
    schema: Type.Number({ exclusiveMinimum: 0, description: 'bytes of the values that are alive at once while a layer is computed, weights not counted; below 1 a share of those that there are now' }),
    search: 'size',
  },
  bytes: {
    description: 'at most so many bytes, of the file after gzip, of the file as it is written, or in a sparse encoding: the least sparsity, or share of channels, that comes to it',
    schema: Type.Integer({ minimum: 1, description: 'size of the written model; "as" says in what form' }),
    search: 'size',
  },
  latency: {
    description: 'one forward pass of one example takes at most this share of the time that the given model takes: the least share of channels that comes to it',
    schema: Type.Number({ exclusiveMinimum: 0, exclusiveMaximum: 1, description: 'share of the given model\'s time, both measured in turn on the worker that does the job: 0.5 is twice as fast' }),
    search: 'latency',
  },
  latencyMs: {
    description: 'one forward pass of one example takes at most so long here: the least share of channels that comes to it',
    schema: Type.Number({ exclusiveMinimum: 0, description: 'milliseconds, median of measured runs on the worker that does the job' }),
    search: 'latency',
  },
  maxAccuracyDrop: {
    description: 'the largest sparsity, or share of channels, whose accuracy is at most so much lower',
    schema: Type.Number({ minimum: 0, exclusiveMaximum: 1, description: 'the largest sparsity whose accuracy is at most this much lower, as a fraction: 0.005 is half a point' }),
    search: 'accuracy',
  },
  minAccuracy: {
    description: 'the largest sparsity, or share of channels, whose accuracy is at least this',
    schema: Type.Number({ exclusiveMinimum: 0, maximum: 1, description: 'the largest sparsity whose accuracy is at least this, as a fraction: 0.9 is 90 %' }),
    search: 'accuracy',
  },
} as const satisfies Record<string, TargetKind>

export type TargetName = keyof typeof TARGETS
export const TARGET_NAMES = Object.keys(TARGETS) as TargetName[]

/** A target after validation. */
export type Target =
  | { readonly sparsity: number }
  | { readonly threshold: number, readonly unit: typeof THRESHOLD_UNITS[number] }
  | { readonly channels: number }
  | { readonly params: number }
  | { readonly macs: number }
  | { readonly peakMemory: number }
  | { readonly bytes: number, readonly as: typeof SIZE_FORMS[number] }
  | { readonly latency: number }
  | { readonly latencyMs: number }
  | { readonly maxAccuracyDrop: number }
  | { readonly minAccuracy: number }

/** How the sparsity for a target is found; undefined where none is looked for. */
export function searchOf (target: Target | null): TargetKind['search'] {
  const name = target === null ? undefined : TARGET_NAMES.find((one) => one in target)
  return name === undefined ? undefined : (TARGETS[name] as TargetKind).search
}

/** What is allowed of a size: a number below 1 is a share of what there is. */
export function allowedOf (asked: number, before: number): number {
  return asked < 1 ? Math.floor(asked * before) : asked
}
