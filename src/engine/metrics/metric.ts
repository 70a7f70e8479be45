/** What a task is made of: a loss and metrics, gathered batch by batch. */

/** Numbers of a model's last layer: probabilities (softmax, sigmoid) or unbounded values before that function. */
export type Scores = 'probabilities' | 'logits'

/** What is known of one output before the first batch. */
export interface OutputContext {
  /** Values of one example that compete with each other (the last axis), and how many such rows one example has. */
  readonly classes: number
  readonly positions: number
  readonly scores: Scores
  /** Class indices instead of one value per class. */
  readonly sparse: boolean
}

/** Gathers one output's figures. `predictions` and `targets` hold the same whole number of examples, row-major. */
export interface Accumulator {
  update (predictions: Float32Array, targets: Float32Array): void
  /** Means over everything seen; `loss` is always among them. */
  result (): Record<string, number>
}

export interface Task {
  readonly description: string
  /** Metrics it gives besides `loss`, main one first. */
  readonly metrics: readonly string[]
  create (context: OutputContext): Accumulator
}

/** Keras' fuzz factor: probabilities are kept in [1e-7, 1 - 1e-7], as float32, before their logarithm is taken. */
const LOWEST = Math.fround(1e-7)
const HIGHEST = Math.fround(1 - 1e-7)

export function clipProbability (value: number): number {
  return Math.min(Math.max(value, LOWEST), HIGHEST)
}

/** -(t log p + (1 - t) log(1 - p)), from a probability or, without overflow, from a logit. */
export function binaryCrossentropy (score: number, target: number, scores: Scores): number {
  if (scores === 'logits') return Math.max(score, 0) - score * target + Math.log1p(Math.exp(-Math.abs(score)))
  const p = clipProbability(score)
  return -(target * Math.log(p) + (1 - target) * Math.log(1 - p))
}

/** The score above which an output says yes. */
export function cut (scores: Scores): number {
  return scores === 'logits' ? 0 : 0.5
}
