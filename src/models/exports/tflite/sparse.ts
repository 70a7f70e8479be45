/** Weights of which most are zero, as compressed rows. Source: TFLite's SparsityParameters. */
import type { TfliteModel, TfliteTensor } from './model.ts'
import { floatsOf } from './numbers.ts'
import { isWeight, TfliteRewriter } from './rewrite.ts'

/** An index and a value take 8 bytes where a dense value takes 4: less than half must be left, and some room for the ends of rows. */
const LEAST_SPARSITY = 0.55

/** Weights become dense again by an operator when the model is loaded; what saves nothing stays as it is. */
export function withSparseWeights (model: TfliteModel): TfliteModel {
  const rewriter = new TfliteRewriter(model)
  const dense = new Map<number, number>()
  for (const [index, tensor] of model.tensors.entries()) {
    if (!isWeight(tensor) || tensor.shape.length < 2) continue
    const sparse = compressed(tensor)
    if (sparse === undefined) continue
    const { data: _, ...open } = tensor
    dense.set(index, rewriter.push({ ...open, name: `${tensor.name}/dense` }))
    rewriter.add('DENSIFY', [rewriter.push(sparse)], [dense.get(index)!])
  }
  for (const operator of model.operators) rewriter.operators.push({ ...operator, inputs: operator.inputs.map((input) => dense.get(input) ?? input) })
  return rewriter.done()
}

/** All axes but the last are dense. Undefined where that takes more room. */
function compressed (tensor: TfliteTensor): TfliteTensor | undefined {
  const values = floatsOf(tensor)
  const kept = values.filter((value) => value !== 0)
  const { shape } = tensor
  const columns = shape.at(-1)!
  const rows = values.length / columns
  if (1 - kept.length / values.length < LEAST_SPARSITY || 8 * kept.length + 4 * (rows + 1) >= 4 * values.length || kept.length === 0) return undefined
  const [segments, indices] = [new Int32Array(rows + 1), new Int32Array(kept.length)]
  let at = 0
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) if (values[row * columns + column] !== 0) indices[at++] = column
    segments[row + 1] = at
  }
  const axes = shape.map((size, axis) => axis === shape.length - 1 ? { kind: 'csr', segments, indices } as const : { kind: 'dense', size } as const)
  return { ...tensor, data: new Uint8Array(kept.buffer), sparsity: { order: [...shape.keys()], blockMap: [], axes } }
}
