/** Files laid out in a folder of their own, for libraries that open files by themselves. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { EspalierError } from '../errors.ts'
import type { OutputFolder } from '../methods/output-folder.ts'

type Files = Parameters<OutputFolder['withFiles']>[0]

/** What a file system says of names that it cannot have together. */
const CLASHES = new Set(['EEXIST', 'EISDIR', 'ENOTDIR', 'ENAMETOOLONG', 'EINVAL'])

/** As OutputFolder's, in a new folder within `folder`. */
export async function withFiles<T> (folder: string, files: Files, use: (path: string) => Promise<T>): Promise<T> {
  const path = await mkdtemp(join(folder, 'files-'))
  try {
    for (const { name, content } of files) await write(path, name, content())
    return await use(path)
  } finally {
    await rm(path, { recursive: true, force: true })
  }
}

async function write (folder: string, name: string, content: AsyncIterable<Uint8Array>): Promise<void> {
  const path = join(folder, name)
  // Names were checked where they were read; this is the last place before the disk.
  if (!path.startsWith(join(folder, '/'))) throw new EspalierError('invalid-model', `the file ${JSON.stringify(name)} leads out of its folder`, { name })
  try {
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, content, { flag: 'wx' })
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? ''
    if (!CLASHES.has(code)) throw error
    throw new EspalierError('invalid-model', `the file ${JSON.stringify(name)} cannot lie beside the others of its zip (${code})`, { name }, { cause: error })
  }
}
