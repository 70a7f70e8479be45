/** Finds what a job made by its name. */
import { EspalierError } from '../../errors.ts'
import type { ArtifactRow, TenantCatalog } from '../ports.ts'

/** The stored artifact of that name. @throws `not-found` when there is no such job, or when it has no such artifact, naming those that it has */
export async function findArtifact (catalog: Pick<TenantCatalog, 'job' | 'artifacts'>, jobId: string, name: string): Promise<ArtifactRow> {
  const artifacts = await catalog.artifacts(jobId)
  const found = artifacts.find((artifact) => artifact.name === name)
  if (found !== undefined) return found
  if (artifacts.length === 0 && await catalog.job(jobId) === null) throw new EspalierError('not-found', `there is no job ${jobId}`)
  const there = artifacts.length > 0 ? `it has ${artifacts.map((artifact) => artifact.name).join(', ')}` : 'it has none; artifacts appear when a job has succeeded'
  throw new EspalierError('not-found', `job ${jobId} has no artifact ${name}: ${there}`)
}
