/** Where the tests' Postgres and Valkey are: those of the run, or, in a file that runs alone, ones that end with it. */
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

export interface Addresses { readonly databaseUrl: string, readonly redisUrl: string }

/** Of this process; asked for when a test file is loaded, so that the tests need not wait. */
export const addresses: Addresses = await find()

async function find (): Promise<Addresses> {
  const { DATABASE_URL: databaseUrl, REDIS_URL: redisUrl } = process.env
  if (databaseUrl !== undefined && redisUrl !== undefined) return { databaseUrl, redisUrl }
  const program = fileURLToPath(new URL('./serve.ts', import.meta.url))
  const child = spawn(process.execPath, ['--import', 'tsx', program], { stdio: ['pipe', 'pipe', 'inherit'], detached: true })
  const lines = createInterface({ input: child.stdout })
  const first = await new Promise<string>((resolve, reject) => {
    lines.once('line', resolve)
    child.once('exit', (code) => { reject(new Error(`the services of the tests ended with code ${code} before they served`)) })
  })
  // Nothing of it keeps this process alive, and it ends when this process does.
  lines.close()
  child.stdout.destroy()
  child.unref()
  ;(child.stdin as unknown as { unref (): void }).unref()
  return JSON.parse(first) as Addresses
}
