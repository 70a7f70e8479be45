/**
 * Pruning at once, without training afterwards: accuracy on the 10,000 test images of Fashion-MNIST by criterion, scope and sparsity. Calibration examples come from the
 * training images. Models: LeNet-5 and LeNet-300-100 as `bench:methods` trains them (three seeds), and the residual network of the tests' fixtures.
 */
import { cpus } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { readConfig } from '../src/config.ts'
import { caseNamed } from './methods/cases.ts'
import { dataZip } from './methods/data.ts'
import { denseModel } from './methods/dense.ts'
import { ROWS, SPARSITIES, type Row } from './static/rows.ts'
import { openBench, type Bench } from './static/prune-rows.ts'

const { values: options } = parseArgs({
  options: {
    model: { type: 'string', multiple: true, default: ['lenet5', 'lenet300', 'resnet8'] },
    seeds: { type: 'string', default: '0,1,2' },
    rows: { type: 'string' },
    data: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
})

const RESNET = fileURLToPath(new URL('../test/fixtures/models/resnet8.keras', import.meta.url))
const { home } = readConfig()
const log = (line: string): void => { console[options.json ? 'error' : 'log'](line) }
const folder = join(home, 'cache', 'bench-methods', 'runs')
const dataset = await dataZip('fashion', { home, log, ...(options.data !== undefined && { data: options.data }) })
const seeds = options.seeds.split(',').map(Number)
const rows = ROWS.filter(({ name }) => options.rows === undefined || options.rows.split(',').some((part) => name.includes(part)))
if (rows.length === 0 || seeds.some((seed) => !Number.isInteger(seed) || seed < 0)) throw new Error(`--rows takes parts of ${ROWS.map(({ name }) => name).join(', ')}; --seeds whole numbers`)

/** Paths of the models to prune, with their seeds. */
async function modelsOf (name: string): Promise<Array<{ path: string, seed: number }>> {
  if (name === 'resnet8') return [{ path: RESNET, seed: 0 }]
  const chosen = caseNamed(`${name}-fashion-gradual-90`)
  if (chosen === undefined) throw new Error('--model takes lenet5, lenet300 and resnet8')
  return await Promise.all(seeds.map(async (seed) => ({ seed, path: (await denseModel({ ...chosen, seed, dataset, folder, home })).path })))
}

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!

const tables: Record<string, { dense: number, rows: Record<string, { accuracy: number[], seconds: number }> }> = {}
for (const name of options.model) {
  const found = new Map<string, { accuracy: number[][], seconds: number[] }>(rows.map((row: Row) => [row.name, { accuracy: [], seconds: [] }]))
  const dense: number[] = []
  for (const { path, seed } of await modelsOf(name)) {
    const bench: Bench = await openBench({ path, dataset, seed, folder })
    try {
      dense.push(bench.dense)
      for (const row of rows) {
        const result = await bench.run(row)
        found.get(row.name)!.accuracy.push(result.accuracy)
        found.get(row.name)!.seconds.push(result.seconds)
        log(`${name} seed ${seed} ${row.name.padEnd(22)} ${result.accuracy.map((one) => (100 * one).toFixed(1).padStart(5)).join(' ')}  ${result.seconds.toFixed(1)} s to look and score`)
      }
    } finally {
      await bench.close()
    }
  }
  tables[name] = {
    dense: median(dense),
    rows: Object.fromEntries([...found].map(([row, { accuracy, seconds }]) => [row, { accuracy: SPARSITIES.map((_, at) => median(accuracy.map((one) => one[at]!))), seconds: median(seconds) }])),
  }
}

/** Twice what guessing among ten classes gives: below it two rows have nothing left to compare. */
const CHANCE = 0.2

/** Does one row beat another by its median at these sparsities, in every model, wherever one of them is above chance? */
const beats = (row: string, other: string, from: number): boolean | null => {
  const pairs = Object.values(tables).map((table) => [table.rows[row], table.rows[other]] as const)
  if (pairs.some(([a, b]) => a === undefined || b === undefined)) return null
  return pairs.every(([a, b]) => SPARSITIES.every((sparsity, at) => sparsity < from || a!.accuracy[at]! > b!.accuracy[at]! || Math.max(a!.accuracy[at]!, b!.accuracy[at]!) < CHANCE))
}
const marks = {
  wandaBeatsMagnitudeFrom90: beats('wanda global', 'magnitude global', 0.9),
  sparsegptBeatsMagnitudeFrom90: beats('sparsegpt lamp', 'magnitude global', 0.9),
  sensitivityBeatsUniform: beats('magnitude sensitivity', 'magnitude layer', 0.5),
}
if (!options.json) {
  for (const [name, { dense, rows: lines }] of Object.entries(tables)) {
    console.log(`\n${name}, dense ${(100 * dense).toFixed(2)}: accuracy in % at ${SPARSITIES.map((one) => `${100 * one} %`).join(', ')}`)
    for (const [row, { accuracy, seconds }] of Object.entries(lines)) console.log(`| ${row} | ${accuracy.map((one) => (100 * one).toFixed(1)).join(' | ')} | ${seconds.toFixed(1)} |`)
  }
  console.log(marks)
} else console.log(JSON.stringify({ sparsities: SPARSITIES, tables, marks, cores: cpus().length, processor: cpus()[0]!.model }))
