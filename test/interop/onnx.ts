/** Writes pruned ONNX models for check_onnx.py: by magnitude over all weights, and by a threshold. */
import { mkdir, open, writeFile, copyFile } from 'node:fs/promises'
import { join } from 'node:path'
import { readModel, writeModel } from '../../src/models/formats/index.ts'
import { pruneMagnitude } from '../../src/pruning/prune.ts'
import { pruneThreshold } from '../../src/pruning/threshold.ts'
import { openFixture, pathOf } from '../support/fixtures.ts'

const SPARSITY = 0.8
const THRESHOLD = 0.5

/** 16-bit floats are often equal, and which of them goes by a ranking Python cannot tell: `types` is pruned by a threshold alone. */
const CASES = [
  ['convolutions.onnx', 'magnitude'], ['sequences.onnx', 'magnitude'], ['external.zip', 'magnitude'],
  ['convolutions.onnx', 'threshold'], ['sequences.onnx', 'threshold'], ['external.zip', 'threshold'], ['types.onnx', 'threshold'],
] as const

/** One pruned file, the file it comes from, and what was asked of which initializers. */
interface OnnxCase { original: string, pruned: string, tensors: string[], sparsity?: number, threshold?: number }

export async function writeOnnxCases (folder: string): Promise<void> {
  const cases: OnnxCase[] = []
  await mkdir(join(folder, 'onnx'))
  for (const [name, method] of CASES) cases.push(await writeCase(join(folder, 'onnx'), name, method))
  await writeFile(join(folder, 'onnx', 'cases.json'), JSON.stringify(cases))
}

async function writeCase (folder: string, name: string, method: 'magnitude' | 'threshold'): Promise<OnnxCase> {
  await copyFile(pathOf(`test/fixtures/onnx/${name}`), join(folder, name))
  const source = await openFixture(`test/fixtures/onnx/${name}`)
  const model = await readModel(source)
  const pool = []
  for (const { path, weights } of model.layers) {
    for (const { role, prunable, tensor } of weights) if (prunable) pool.push({ name: `${path}/${role}`, layer: path, key: tensor.key, values: (await tensor.read()).slice(), threshold: THRESHOLD })
  }
  if (method === 'magnitude') pruneMagnitude(pool, { sparsity: SPARSITY, scope: 'global' })
  else pruneThreshold(pool)
  const pruned = `${method}-${name}`
  const handle = await open(join(folder, pruned), 'wx')
  try {
    const changes = new Map(pool.map(({ key, values }) => [key, values]))
    await writeModel(model, changes, 'onnx', { compress: true, optimizerState: 'drop' }, { write: async (offset, bytes) => { await handle.write(bytes, 0, bytes.length, offset) } })
  } finally {
    await handle.close()
    await source.close()
  }
  return { original: name, pruned, tensors: pool.map(({ key }) => key), ...(method === 'magnitude' ? { sparsity: SPARSITY } : { threshold: THRESHOLD }) }
}
