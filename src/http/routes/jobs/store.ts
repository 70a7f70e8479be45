/** Makes rows of the files that came with a job. */
import type { Recipe } from '../../../pruning/recipe.ts'
import type { TenantCatalog } from '../../../jobs/ports.ts'
import type { Submission } from '../../../jobs/use-cases/submit-job.ts'
import type { Dependencies } from '../../dependencies.ts'
import { readDatasetFile, readModelFile } from '../../uploads/files.ts'
import type { ReceivedForm } from '../../uploads/form.ts'

export interface StoredJobFiles {
  readonly submission: Submission
  /** Removes the rows made here, when the job was refused. */
  undo (): Promise<void>
}

/** Reads all files before it makes the first row, so that one that cannot be read leaves nothing. Throws `invalid-model`, `invalid-dataset`. */
export async function storeJobFiles (form: ReceivedForm, dependencies: Dependencies, catalog: TenantCatalog): Promise<StoredJobFiles> {
  const model = await read(form, 'model', async (file) => await readModelFile(dependencies, file))
  const dataset = await read(form, 'dataset', async (file) => await readDatasetFile(dependencies, file))
  const evaluationDataset = await read(form, 'evaluationDataset', async (file) => await readDatasetFile(dependencies, file))

  const undoing: Array<() => Promise<unknown>> = []
  const undo = async (): Promise<void> => {
    for (const step of undoing.reverse()) await step()
  }
  const idOf = (part: string) => form.fields.get(part) as string | undefined
  const storeDataset = async (part: string, given: typeof dataset): Promise<string | undefined> => {
    if (given === undefined) return idOf(part)
    const { id } = await catalog.createDataset(given.file, given.summary)
    undoing.push(async () => await catalog.deleteDataset(id))
    return id
  }
  try {
    let modelId = idOf('model') ?? ''
    if (model !== undefined) {
      const { id } = await catalog.createModel(model.file, model.summary)
      undoing.push(async () => await catalog.deleteModel(id))
      modelId = id
    }
    const datasetId = await storeDataset('dataset', dataset)
    const evaluationId = await storeDataset('evaluationDataset', evaluationDataset)
    const submission: Submission = {
      model: modelId,
      ...(datasetId !== undefined && { dataset: datasetId }),
      ...(evaluationId !== undefined && { evaluationDataset: evaluationId }),
      ...askedIn(form),
      recipe: form.fields.get('recipe') as Recipe,
    }
    return { submission, undo }
  } catch (error) {
    await undo()
    throw error
  }
}

/** What is asked of the queue and the worker: fields that their rules have checked. */
function askedIn ({ fields }: ReceivedForm): Pick<Submission, 'priority' | 'needs' | 'limits'> {
  return Object.fromEntries(['priority', 'needs', 'limits'].filter((name) => fields.has(name)).map((name) => [name, fields.get(name)]))
}

async function read<S> (form: ReceivedForm, part: string, summarize: (file: { name: string, sha256: string, bytes: number }) => Promise<S>) {
  const file = form.files.get(part)
  return file === undefined ? undefined : { file, summary: await summarize(file) }
}
