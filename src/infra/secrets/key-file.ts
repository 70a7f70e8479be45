/** The key of secrets where none is given: made once in ESPALIER_HOME, readable by its owner alone. */
import { randomBytes } from 'node:crypto'
import { link, mkdir, open, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { LEAST_CHARACTERS } from '../../config-secrets.ts'
import { EspalierError } from '../../errors.ts'

const FILE = 'secret.key'
const KEY_BYTES = 32
const MOST_BYTES = 4096
/** Permissions of everybody but the owner. */
const OTHERS = 0o077

/** The same for all processes of this home, also when several begin at once. @throws `invalid-configuration` for a file that others may read, or that holds no key */
export async function keyInHome (home: string): Promise<string> {
  const file = path.join(home, FILE)
  return await read(file) ?? await make(file)
}

async function make (file: string): Promise<string> {
  const own = `${file}.${randomBytes(6).toString('hex')}`
  await mkdir(path.dirname(file), { recursive: true })
  await writeFile(own, `${randomBytes(KEY_BYTES).toString('base64')}\n`, { mode: 0o600, flag: 'wx', flush: true })
  try {
    // Whole or not at all, and never in the place of one that another process has made.
    await link(own, file)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  } finally {
    await rm(own, { force: true })
  }
  return await read(file) ?? wrong(file, 'is gone again')
}

async function read (file: string): Promise<string | undefined> {
  let handle: Awaited<ReturnType<typeof open>>
  try {
    handle = await open(file)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
  try {
    const { mode, size } = await handle.stat()
    if (process.platform !== 'win32' && (mode & OTHERS) !== 0) return wrong(file, `may be read by others (mode ${(mode & 0o777).toString(8)}); set it to 600`)
    const key = size > MOST_BYTES ? '' : (await handle.readFile('utf8')).trim()
    return key.length >= LEAST_CHARACTERS ? key : wrong(file, `holds no key of at least ${LEAST_CHARACTERS} characters; put it back from a backup`)
  } finally {
    await handle.close()
  }
}

function wrong (file: string, why: string): never {
  throw new EspalierError('invalid-configuration', `${file}, which has the key that secrets are encrypted with, ${why}`, { file })
}
