/** A worker's own folder for the files of running jobs, and the removal of what dead workers left behind. */
import { mkdir, readdir, rm, stat } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'

/** Folders of workers on other machines (a shared disk, a container that is gone) are removed when nothing was written for so long. */
const FOREIGN_AGE_MS = 24 * 60 * 60 * 1000

/** Makes `<home>/scratch/<host>.<pid>` and gives its path. */
export async function openScratch (home: string): Promise<string> {
  const root = join(home, 'scratch')
  const own = join(root, `${hostname()}.${process.pid}`)
  await mkdir(root, { recursive: true })
  await removeAbandoned(root)
  await rm(own, { recursive: true, force: true })
  await mkdir(own)
  return own
}

async function removeAbandoned (root: string): Promise<void> {
  for (const name of await readdir(root)) {
    const place = join(root, name)
    const pid = name.startsWith(`${hostname()}.`) ? Number(name.slice(hostname().length + 1)) : undefined
    const abandoned = pid === undefined
      ? await stat(place).then(({ mtimeMs }) => Date.now() - mtimeMs > FOREIGN_AGE_MS, () => false)
      : !isAlive(pid)
    if (abandoned) await rm(place, { recursive: true, force: true })
  }
}

function isAlive (pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
