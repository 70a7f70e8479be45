/** What this machine computes with: the name of its processor or GPU, and the memory that is there for one job. */
import { readdir, readFile } from 'node:fs/promises'
import { cpus, totalmem } from 'node:os'
import path from 'node:path'
import type { Worker } from '../jobs/fleet.ts'

/** Where NVIDIA's driver tells about each GPU. */
const GPUS = '/proc/driver/nvidia/gpus'

/** `engine`: what an engine process said when it was ready. */
export async function deviceOf (engine: Readonly<Record<string, unknown>>): Promise<NonNullable<Worker['device']>> {
  const kind = engine['device'] === 'gpu' ? 'gpu' : 'cpu'
  const name = (kind === 'gpu' ? await gpuName() : cpus()[0]?.model.trim()) ?? 'unknown'
  const { tensorflow, threads } = engine
  return { kind, name, ...(tensorflow !== undefined && { tensorflow }), ...(threads !== undefined && { threads }) }
}

async function gpuName (): Promise<string | undefined> {
  try {
    const [first] = await readdir(GPUS)
    return first && /^Model:\s*(.+)$/m.exec(await readFile(path.join(GPUS, first, 'information'), 'utf8'))?.[1]?.trim()
  } catch {
    return undefined
  }
}

/** No more than the machine or its container has. */
export function jobMemoryBytes (limitBytes: number): number {
  const constrained = process.constrainedMemory()
  return Math.min(limitBytes, totalmem(), constrained > 0 ? constrained : Infinity)
}
