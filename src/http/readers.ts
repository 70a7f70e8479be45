/** Reads uploaded files for the summaries that the API shows. */
import { readDataset, summarizeDataset } from '../datasets/index.ts'
import { readModel } from '../models/formats/index.ts'
import { summarizeModel } from '../models/summary.ts'
import type { SummarizeDataset, SummarizeModel } from './dependencies.ts'

export const summarizeModelFile: SummarizeModel = async (source) => await summarizeModel(await readModel(source))

export const summarizeDatasetFile: SummarizeDataset = async (source, inputs) => summarizeDataset(await readDataset(source), inputs)
