/** Under which account Postgres runs: it refuses root, so root hands it to another and puts its files where that one may go. */
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chmod, chown, cp, mkdir, readFile, realpath, rename, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import type { PostgresPrograms } from '../setup/postgres.ts'

export interface Account { readonly uid: number, readonly gid: number }

/** Where root keeps what the other account needs, when ESPALIER_HOME lies in a folder closed to it. */
const SHARED = '/var/lib/espalier'
const NAME = 'postgres'
const OTHERS_MAY_ENTER = 0o001

/** Undefined unless we are root. */
export async function postgresAccount (): Promise<Account | undefined> {
  if (process.getuid?.() !== 0) return undefined
  const known = await accountOf(NAME)
  if (known !== undefined) return known
  await promisify(execFile)('useradd', ['--system', '--no-create-home', '--shell', '/usr/sbin/nologin', NAME]).catch(() => {})
  const made = await accountOf(NAME) ?? await accountOf('nobody')
  return made ?? { uid: 65534, gid: 65534 }
}

async function accountOf (name: string): Promise<Account | undefined> {
  const lines = await readFile('/etc/passwd', 'utf8').catch(() => '')
  const found = lines.split('\n').map((line) => line.split(':')).find(([user]) => user === name)
  return found === undefined ? undefined : { uid: Number(found[2]), gid: Number(found[3]) }
}

/** A folder for the data that the account may reach: below `home`, or, when that is closed to it, below /var/lib. */
export async function dataFolder (home: string, account: Account | undefined): Promise<string> {
  const usual = path.join(home, 'postgres')
  await mkdir(home, { recursive: true })
  if (account === undefined || await mayEnter(home)) return usual
  const folder = path.join(SHARED, createHash('sha256').update(await realpath(home)).digest('hex').slice(0, 12))
  await mkdir(folder, { recursive: true })
  return path.join(folder, 'postgres')
}

/** The programs where the account may run them: in place, or a copy. */
export async function reachablePrograms (programs: PostgresPrograms, account: Account | undefined): Promise<PostgresPrograms> {
  if (account === undefined || await mayEnter(path.dirname(programs.postgres))) return programs
  const { size, mtimeMs } = await stat(programs.postgres)
  const native = path.join(SHARED, `postgres-${size}-${Math.floor(mtimeMs)}`)
  if (await stat(native).then(() => false, () => true)) {
    const fresh = `${native}.${process.pid}`
    await cp(programs.native, fresh, { recursive: true, verbatimSymlinks: true })
    await rename(fresh, native).catch(async () => { await rm(fresh, { recursive: true, force: true }) })
  }
  return { native, initdb: path.join(native, 'bin/initdb'), postgres: path.join(native, 'bin/postgres') }
}

/** Makes `folder` the account's own, closed to all others. */
export async function giveTo (folder: string, account: Account | undefined): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  if (account === undefined) return
  await chown(folder, account.uid, account.gid)
  await chmod(folder, 0o700)
}

/** May others pass through every folder from the root down to this one? */
async function mayEnter (folder: string): Promise<boolean> {
  for (let at = await realpath(folder); ; at = path.dirname(at)) {
    if (((await stat(at)).mode & OTHERS_MAY_ENTER) === 0) return false
    if (at === path.dirname(at)) return true
  }
}
