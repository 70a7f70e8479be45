/** What an embedded service keeps beside its data between starts: port and password, readable by its owner alone. */
import { randomBytes } from 'node:crypto'
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { freePort } from './ports.ts'

export interface ServiceState { readonly port: number, readonly password: string }

const FILE = 'service.json'
const PASSWORD_BYTES = 24

/** What the service had at its last start; undefined when it never was. */
export async function lastState (folder: string): Promise<ServiceState | undefined> {
  return await readFile(path.join(folder, FILE), 'utf8').then((text) => JSON.parse(text) as ServiceState, () => undefined)
}

/** The same password as last time, and the same port when it is free. */
export async function serviceState (folder: string): Promise<ServiceState> {
  const file = path.join(folder, FILE)
  const last = await lastState(folder)
  const state = { port: await freePort(last?.port), password: last?.password ?? randomBytes(PASSWORD_BYTES).toString('hex') }
  await mkdir(folder, { recursive: true })
  await writeFile(`${file}.new`, JSON.stringify(state), { mode: 0o600 })
  await rename(`${file}.new`, file)
  return state
}
