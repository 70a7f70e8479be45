/** `npm test [FILTER]`: setup, one Postgres and one Valkey for the whole run, then every test file in node:test; fails when processes are left. */
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { report } from '../src/cli/report.ts'
import { startTestServices } from './support/services.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
/** What `npm test` runs; other folders of test/ run when they are named. */
const FOLDERS = ['unit', 'malformed', 'integration', 'e2e', 'browser']
const FILES_AT_ONCE = 2
/** The kernels that the product runs on, see engineEnvironment in src/config.ts. */
const KERNELS = { TF_ENABLE_ONEDNN_OPTS: '1' }
/** Marks the environment of every process below, so that what outlives its test is found. */
const MARK = 'ESPALIER_TEST_RUN'

/** The test files of the folders, relative to the root; `filter` is the name of a folder of test/, or a part of the paths that are wanted. */
async function testFiles (filter: string | undefined): Promise<string[]> {
  const known = (await readdir(path.join(ROOT, 'test'), { withFileTypes: true })).filter((entry) => entry.isDirectory()).map(({ name }) => name)
  const named = filter !== undefined && known.includes(filter)
  const folders = named ? [filter] : FOLDERS
  const files: string[] = []
  for (const folder of folders.filter((name) => known.includes(name))) {
    for (const name of await readdir(path.join(ROOT, 'test', folder), { recursive: true })) if (name.endsWith('.test.ts')) files.push(path.join('test', folder, name))
  }
  return files.filter((file) => named || filter === undefined || file.includes(filter)).sort()
}

async function runFiles (files: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const args = ['--import', 'tsx', '--test', `--test-concurrency=${FILES_AT_ONCE}`, '--test-reporter=spec', ...files]
  const child = spawn(process.execPath, args, { cwd: ROOT, env, stdio: 'inherit' })
  const forward = (signal: NodeJS.Signals): void => { child.kill(signal) }
  process.on('SIGINT', forward).on('SIGTERM', forward)
  const [code] = await once(child, 'exit') as [number | null]
  process.off('SIGINT', forward).off('SIGTERM', forward)
  return code ?? 1
}

/** Processes that a test started and did not end. Linux tells the environment of a process; elsewhere none is found. */
async function leftOver (run: string): Promise<string[]> {
  if (process.platform !== 'linux') return []
  const found = await Promise.all((await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(async (pid) => {
    const environment = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '')
    if (!environment.split('\0').includes(`${MARK}=${run}`)) return []
    return [`${pid} ${(await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).replaceAll('\0', ' ')}`]
  }))
  return found.flat()
}

async function main (): Promise<void> {
  const files = await testFiles(process.argv[2])
  if (files.length === 0) {
    console.error(`no test file matches "${process.argv[2] ?? ''}"; a filter is a folder of test/ or a part of a path such as unit/pruning`)
    process.exitCode = 1
    return
  }
  const services = await startTestServices({ log: (line) => { console.error(line) } })
  const run = randomBytes(8).toString('hex')
  const code = await runFiles(files, { ...KERNELS, ...process.env, DATABASE_URL: services.databaseUrl, REDIS_URL: services.redisUrl, [MARK]: run })
  const left = await leftOver(run)
  if (left.length > 0) console.error(`processes were left over:\n${left.join('\n')}`)
  const failed = code !== 0 || left.length > 0
  await services.stop({ keep: failed })
  if (failed) console.error(`the databases of the tests are kept in ${services.home}`)
  process.exitCode = failed ? code || 1 : 0
}

await main().catch(report)
