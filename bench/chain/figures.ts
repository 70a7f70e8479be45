/** What a chain came to, from its receipt and its files. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { readModel } from '../../src/models/formats/index.ts'
import type { Receipt } from '../../src/methods/receipt.ts'
import { writeAs } from '../../src/methods/exports/export-model.ts'
import { openFile } from '../../src/worker/files.ts'
import type { Case } from './cases.ts'

export interface OutputFigures { readonly format: string, readonly bytes: number, readonly gzipBytes: number, readonly ratio: number, readonly agreement: number | null }

export interface ChainFigures {
  readonly outputs: readonly OutputFigures[]
  /** Of the smallest output after gzip. */
  readonly ratio: number
  /** Of the model with shared weights as the stage cluster packs it: codebooks, Huffman-coded indices and gaps. */
  readonly huffmanRatio?: number
  readonly accuracyBefore: number
  readonly accuracyAfter: number
  readonly accuracyDropPoints: number
  readonly sparsity: number
  readonly sparsityKept: boolean
  readonly stages: ReadonlyArray<{ readonly stage: string, readonly seconds: number, readonly zerosBefore: number, readonly zerosAfter: number }>
  readonly layerMacsRatio?: number
  readonly met: boolean
}

/** Bytes of the model as it came, as a .keras file without compression and without the state of an optimizer. */
export async function denseBytes (model: string): Promise<number> {
  const source = await openFile(model)
  try {
    return await writeAs(await readModel(source), new Map(), 'keras', { compress: false, optimizerState: 'drop' }, { async write () {} })
  } finally {
    await source.close()
  }
}

/** `agreements`: of exports that were run by their own runtime on the reported images, in percent, by format. */
export async function figuresOf ({ marks }: Case, receipt: Receipt, folder: string, dense: number, agreements: ReadonlyMap<string, number>): Promise<ChainFigures> {
  const outputs = await Promise.all(receipt.outputs.map(async ({ name, format, bytes }) => {
    const gzipBytes = gzipSync(await readFile(join(folder, name)), { level: 9 }).length
    return { format, bytes, gzipBytes, ratio: dense / gzipBytes, agreement: agreements.get(format) ?? null }
  }))
  const [before, after] = [receipt.before.metrics!.accuracy!, receipt.after.metrics!.accuracy!]
  const accuracyDropPoints = (before - after) * 100
  const ratio = Math.max(...outputs.map((output) => output.ratio))
  const packed = (receipt.stages ?? []).find(({ stage }) => stage === 'cluster')?.huffmanBytes as number | undefined
  const huffmanRatio = packed === undefined ? undefined : dense / packed
  const stages = (receipt.stages ?? []).map(({ stage, seconds, zeros }) => ({ stage, seconds, zerosBefore: zeros.before, zerosAfter: zeros.after }))
  const sparsityKept = stages.every(({ stage, zerosBefore, zerosAfter }) => stage === 'low-rank' || zerosAfter >= zerosBefore)
  const layerMacsRatio = marks.layerMacs === undefined ? undefined : macsRatio(receipt, marks.layerMacs.layer)
  return {
    outputs,
    ratio,
    ...(huffmanRatio !== undefined && { huffmanRatio }),
    accuracyBefore: before,
    accuracyAfter: after,
    accuracyDropPoints,
    sparsity: receipt.after.sparsity,
    sparsityKept,
    stages,
    ...(layerMacsRatio !== undefined && { layerMacsRatio }),
    met: sparsityKept && accuracyDropPoints <= marks.accuracyDropPoints && Math.max(ratio, huffmanRatio ?? 0) >= (marks.ratio ?? 0) && (layerMacsRatio ?? Infinity) >= (marks.layerMacs?.ratio ?? 0) &&
      outputs.every(({ agreement }) => agreement === null || agreement >= (marks.agreement ?? 0)),
  }
}

function macsRatio (receipt: Receipt, layer: string): number {
  const rows = (receipt.stages ?? []).flatMap(({ stage, layers }) => stage === 'low-rank' ? layers as ReadonlyArray<{ layer: string, macsBefore: number, macsAfter: number }> : [])
  const row = rows.find((one) => one.layer === layer)
  return row === undefined ? 1 : row.macsBefore / row.macsAfter
}
