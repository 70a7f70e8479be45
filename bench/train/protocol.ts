/** What the sides of the training benchmark say to the command that runs them: one line of JSON each way, in every language. */

/** The models, by the names in the results. */
export const MODELS = ['lenet300', 'lenet5', 'resnet8'] as const
export type ModelName = typeof MODELS[number]

export const OUR_SIDES = ['compiled', 'eager', 'compiled-masked'] as const
export type OurSide = typeof OUR_SIDES[number]

export const PEERS = ['keras', 'torch'] as const
export type Peer = typeof PEERS[number]

export type SideName = OurSide | Peer

/** What a side is to train and on what; its argument, as JSON. */
export interface SideSpec {
  readonly model: ModelName
  /**
   * Holds images.u8 [examples, 28, 28] and labels.u8 [examples] without headers, `<model>.keras` with the initial weights, and the same weights in
   * Keras' order as `<model>.f32`, described by `<model>.json`: [{name, shape, size}].
   */
  readonly folder: string
  readonly batch: number
  readonly learningRate: number
  /** The initial loss is the mean over so many of the first examples. */
  readonly lossExamples: number
  readonly threads: number
  readonly device: 'cpu' | 'gpu'
}

/** Said once, when model and data are in memory. */
export interface Ready {
  /** What ran, e.g. `PyTorch 2.13.0`. */
  readonly versions: string
  /** Mean loss of the first `lossExamples` examples at inference, before any step: equal on all sides when model and data are the same. */
  readonly initialLoss: number
  /** Seconds a step of every way that was tried, by name; the fastest was kept. */
  readonly variants?: Readonly<Record<string, number>>
  readonly kept?: string
}

/** Said after `{"run": steps}`: the wall time of these steps and their mean loss. */
export interface RunResult { readonly seconds: number, readonly loss: number }

export type Message =
  | { readonly kind: 'ready', readonly ready: Ready }
  | { readonly kind: 'missing', readonly reason: string }
  | { readonly kind: 'result', readonly result: RunResult }

/** A line of a side; undefined for a line that is no message, as libraries print them. @throws Error for a message with parts that are not numbers */
export function parseMessage (line: string): Message | undefined {
  if (!line.startsWith('{')) return undefined
  const message = JSON.parse(line) as { ready?: Ready, missing?: string } & Partial<RunResult>
  if (message.missing !== undefined) return { kind: 'missing', reason: message.missing }
  if (message.ready !== undefined) {
    if (!Number.isFinite(message.ready.initialLoss)) throw new Error(`a side was ready with the loss ${message.ready.initialLoss}: ${line}`)
    return { kind: 'ready', ready: message.ready }
  }
  const { seconds, loss } = message
  if (!(Number.isFinite(seconds) && seconds! > 0 && Number.isFinite(loss))) throw new Error(`a run must answer with seconds and a finite loss, not ${line}`)
  return { kind: 'result', result: { seconds: seconds!, loss: loss! } }
}
