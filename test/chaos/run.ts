/** `npm run test:chaos`: single faults one after the other, then a storm of them; with `--minutes` the storm alone. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

const STORM = fileURLToPath(new URL('storm/run.ts', import.meta.url))
const TESTS = fileURLToPath(new URL('../run.ts', import.meta.url))

async function run (file: string, args: readonly string[]): Promise<number> {
  const [code] = await once(spawn(process.execPath, ['--import', 'tsx', file, ...args], { stdio: 'inherit' }), 'exit') as [number | null]
  return code ?? 1
}

const given = process.argv.slice(2)
const tests = given.some((argument) => argument.startsWith('--minutes')) ? 0 : await run(TESTS, ['chaos'])
const storm = await run(STORM, given)
process.exitCode = tests || storm
