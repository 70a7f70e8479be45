/** Predictors of models that another program than the layer graph runs whole, by what they take and give: in batches of a fixed size where they ask for one. */
import { EspalierError } from '../../errors.ts'
import type { Signature } from '../../models/architecture/types.ts'
import type { BatchArray, Predictor } from '../predict.ts'
import { cutBatch, fixedBatch, joinBatches } from './batches.ts'

/** What runs a model once. `Feeds` are its inputs where it takes them. */
export interface Session<Feeds> {
  /** One array for each input, in the order of the signature. */
  feed (inputs: readonly BatchArray[]): Feeds
  /** One array for each output, in the order of the signature. */
  run (feeds: Feeds): Promise<BatchArray[]>
  /** What `feed` made is no longer needed. */
  release (feeds: Feeds): void
  dispose (): void
}

export function sessionPredictor<Feeds> (session: Session<Feeds>, { inputNames, inputShapes, outputNames }: Signature): Predictor {
  const size = fixedBatch(inputShapes)

  function feed (inputs: readonly BatchArray[]): Feeds {
    if (inputs.length !== inputNames.length) {
      throw new EspalierError('shape-mismatch', `the model has ${inputNames.length} inputs (${inputNames.join(', ')}), ${inputs.length} are given`)
    }
    return session.feed(inputs)
  }

  async function run (inputs: readonly BatchArray[]): Promise<BatchArray[]> {
    const feeds = feed(inputs)
    try {
      return await session.run(feeds)
    } finally {
      session.release(feeds)
    }
  }

  async function runInParts (inputs: readonly BatchArray[], rows: number, size: number): Promise<BatchArray[]> {
    const parts: BatchArray[][] = outputNames.map(() => [])
    for (let from = 0; from < rows; from += size) {
      const outputs = await run(inputs.map((input) => cutBatch(input, from, size)))
      outputs.forEach((output, index) => {
        if (output.shape[0] !== size) throw new EspalierError('shape-mismatch', `the output ${outputNames[index]} has the shape [${output.shape.join(', ')}] for ${size} examples; its first axis must be the examples'`)
        parts[index]!.push(output)
      })
    }
    return parts.map((part) => joinBatches(part, rows))
  }

  return {
    prepare: () => ({ compiled: true }),
    async predict (inputs) {
      const rows = inputs[0]?.shape[0] ?? 0
      return size === null || size === rows || rows === 0 ? await run(inputs) : await runInParts(inputs, rows, size)
    },
    hold (inputs) {
      const feeds = feed(size === null ? inputs : inputs.map((input) => cutBatch(input, 0, size)))
      return { examples: size ?? inputs[0]?.shape[0] ?? 1, run: async () => { await session.run(feeds) }, dispose () { session.release(feeds) } }
    },
    dispose () { session.dispose() },
  }
}
