/**
 * `npm run test:fuzz [-- PARSER...] [--seconds 60] [--seed N]`: each parser reads mutated files for so long. A crash, an error without a code, more than 5 s or more than
 * 512 MB for one input is a finding: the input is kept in output/fuzz/ and `npm run test:fuzz -- --replay FILE` reads it again. Ends with 1 when something was found.
 */
import { createHash } from 'node:crypto'
import { copyFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { TARGETS, type TargetName } from './targets.ts'
import { watched, type End } from './watch.ts'

const FOLDER = fileURLToPath(new URL('../../output/fuzz', import.meta.url))

/** After a finding the parser is started again with the next seed, until its time is over; a parser that always falls need not fall forever. */
const MAX_FINDINGS = 10

const { values, positionals } = parseArgs({ allowPositionals: true, options: { seconds: { type: 'string', default: '60' }, seed: { type: 'string' }, replay: { type: 'string' } } })

function isTarget (name: string | undefined): name is TargetName {
  return name !== undefined && Object.hasOwn(TARGETS, name)
}

/** The name of a kept input begins with its parser. */
async function replay (file: string): Promise<number> {
  const name = basename(file).split('--')[0]
  if (!isTarget(name)) throw new Error(`${file}: the name must begin with a parser and --: ${Object.keys(TARGETS).join(', ')}`)
  const { finding, text, told } = await watched({ target: name, current: join(FOLDER, `${name}.current`), replay: file })
  console.log(finding === undefined ? `${Object.keys(told!.outcomes)[0]}: ${told!.text}, ${Math.round(told!.bytes / 2 ** 20)} MiB` : `${finding}: ${text}`)
  return finding === undefined ? 0 : 1
}

/** The input that was being read, under a name that tells what it did. An input alone is tried again: memory may have been that of the ones before it. */
async function keep (name: TargetName, current: string, end: End, seed: number): Promise<string | undefined> {
  if (!existsSync(current)) throw new Error(`${name} did not start: ${end.text}`)
  const bytes = readFileSync(current)
  const file = join(FOLDER, `${name}--${end.finding}-${seed}-${createHash('sha256').update(bytes).digest('hex').slice(0, 12)}.bin`)
  copyFileSync(current, file)
  if (end.finding === 'crash') return file
  const again = await watched({ target: name, current: `${current}.again`, replay: file })
  return again.finding === undefined ? undefined : file
}

async function fuzz (name: TargetName, seconds: number, firstSeed: number): Promise<number> {
  const current = join(FOLDER, `${name}.current`)
  let [executions, ways, findings, peak] = [0, 0, 0, 0]
  const outcomes: Record<string, number> = {}
  for (let left = seconds, seed = firstSeed; left >= 1 && findings < MAX_FINDINGS; seed++) {
    const end = await watched({ target: name, current, seconds: left, seed })
    left -= end.seconds
    executions += end.told?.executions ?? 0
    ways = Math.max(ways, end.told?.ways ?? 0)
    peak = Math.max(peak, end.told?.bytes ?? 0)
    for (const [outcome, count] of Object.entries(end.told?.outcomes ?? {})) outcomes[outcome] = (outcomes[outcome] ?? 0) + count
    if (end.finding === undefined) break
    const file = await keep(name, current, end, seed)
    if (file === undefined) continue
    findings++
    console.log(`${name}: ${end.finding}: ${file}\n  ${end.text?.split('\n').slice(0, 6).join('\n  ')}`)
  }
  const counted = Object.entries(outcomes).sort(([, a], [, b]) => b - a).map(([outcome, count]) => `${outcome} ${count}`).join(', ')
  console.log(`${name.padEnd(20)} ${executions} inputs from seed ${firstSeed}: ${counted || 'none'}; ${ways} ways, ${Math.round(peak / 2 ** 20)} MiB, ${findings} findings`)
  return findings
}

async function main (): Promise<number> {
  mkdirSync(FOLDER, { recursive: true })
  if (values.replay !== undefined) return await replay(values.replay)
  const unknown = positionals.find((name) => !isTarget(name))
  if (unknown !== undefined) throw new Error(`there is no parser ${unknown}; there are ${Object.keys(TARGETS).join(', ')}`)
  const names = (positionals.length > 0 ? positionals : Object.keys(TARGETS)) as TargetName[]
  const seed = values.seed === undefined ? Math.floor(Date.now() / 1000) % 1_000_000 * 1000 : Number(values.seed)
  let findings = 0
  for (const name of names) findings += await fuzz(name, Number(values.seconds), seed)
  return findings
}

process.exitCode = await main() > 0 ? 1 : 0
