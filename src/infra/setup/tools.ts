/** Programs that setup calls: found, run, and named in the error when missing or failing. */
import { execFile } from 'node:child_process'
import { access, constants } from 'node:fs/promises'
import path from 'node:path'
import { inherited } from '../../config.ts'
import { EspalierError } from '../../errors.ts'

export interface RunOptions {
  readonly env?: Readonly<Record<string, string | undefined>>
  readonly cwd?: string
}

/** What to type to get a tool, by the system's own package manager. */
const INSTALL: Readonly<Record<string, string>> = process.platform === 'darwin'
  ? { python3: 'brew install python', 'c++': 'xcode-select --install', pip: 'python3 -m ensurepip --user' }
  : { python3: 'apt-get install python3 python3-pip', 'c++': 'apt-get install g++', pip: 'apt-get install python3-pip' }

/** Largest output that is kept of a program: compilers can be talkative. */
const OUTPUT_BYTES = 64 * 2 ** 20

export async function isThere (file: string): Promise<boolean> {
  return await access(file).then(() => true, () => false)
}

/** The path of a program, or undefined when the PATH does not hold it. */
export async function onPath (name: string): Promise<string | undefined> {
  for (const folder of (inherited['PATH'] ?? '').split(path.delimiter)) {
    if (folder === '') continue
    const candidate = path.join(folder, name)
    if (await access(candidate, constants.X_OK).then(() => true, () => false)) return candidate
  }
  return undefined
}

/** The first of several programs that the PATH holds. @throws `setup-failed` naming them and the command that installs one */
export async function needTool (tool: string, names: readonly string[], what: string): Promise<string> {
  for (const name of names) {
    const found = await onPath(name)
    if (found !== undefined) return found
  }
  throw new EspalierError('setup-failed', `${names.join(' or ')} is needed to ${what} and is not on the PATH; install it with: ${INSTALL[tool] ?? tool}`, { tool })
}

/** @throws `setup-failed` when Python comes without pip, as Debian's does */
export async function needPip (python: string): Promise<void> {
  await runTool(python, ['-m', 'pip', '--version'], 'asking for pip').catch((cause: unknown) => {
    throw new EspalierError('setup-failed', `pip is needed to download packages and ${python} has none; install it with: ${INSTALL['pip']}`, { tool: 'pip' }, { cause })
  })
}

/** Runs a program to its end and gives its standard output. @throws `setup-failed` with the last lines it printed */
export async function runTool (command: string, args: readonly string[], what: string, { env, cwd }: RunOptions = {}): Promise<string> {
  return await new Promise((resolve, reject) => {
    execFile(command, [...args], { maxBuffer: OUTPUT_BYTES, env: { ...inherited, ...env }, ...(cwd !== undefined && { cwd }) }, (cause, stdout, stderr) => {
      if (cause === null) return resolve(stdout)
      const last = `${stdout}\n${stderr}`.split('\n').filter((line) => line.trim() !== '').slice(-8).join('\n')
      reject(new EspalierError('setup-failed', `${what} failed (${path.basename(command)}): ${last === '' ? cause.message : last}`, {}, { cause }))
    })
  })
}
