/**
 * Time of pruning n weights to an exact sparsity, beside numpy and PyTorch where a Python has them, and beside copying the weights:
 * npm run bench:select -- --n 1e7 --json. All take turns; ratios are medians of the ratios within each round. In its turn a side runs for a while before it
 * is timed: the turn before has emptied caches, and PyTorch's threads wait actively for some milliseconds after theirs.
 */
import { cpus, loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import { pruneMagnitude } from '../src/pruning/prune.ts'
import { startPeers } from './select/peers.ts'
import { pairedRatios, rotated, summarize } from './train/statistics.ts'

const { values: options } = parseArgs({
  options: { n: { type: 'string', default: '1e7' }, sparsity: { type: 'string', default: '0.9' }, runs: { type: 'string', default: '7' }, python: { type: 'string', default: 'python3' }, json: { type: 'boolean', default: false } },
})
const [n, sparsity, runs] = [Number(options.n), Number(options.sparsity), Number(options.runs)]
if (!(Number.isInteger(n) && n >= 1 && sparsity > 0 && sparsity < 1 && runs >= 1)) throw new Error('--n must be a whole number from 1 on, --sparsity in (0, 1), --runs at least 1')
const zeros = Math.floor(sparsity * n + 0.5)
/** How long a side runs before it is timed. */
const WARM_MS = 20

const source = new Float32Array(n)
for (let index = 0; index < n; index++) source[index] = (Math.random() - 0.5) * Math.random()
const weights = source.slice()
const copied = source.slice()

function seconds (work: () => void): number {
  const start = performance.now()
  work()
  return (performance.now() - start) / 1000
}

/** The last time, of at least two runs and of the first that begins so late. */
function warm (run: () => number): number {
  const start = performance.now()
  run()
  while (performance.now() - start < WARM_MS) run()
  return run()
}

function prune (): number {
  weights.set(source)
  let found = 0
  const time = seconds(() => { found = pruneMagnitude([{ name: 'w', layer: 'w', values: weights }], { sparsity, scope: 'global' }).zeros })
  if (found !== zeros) throw new Error(`${found} zeros instead of ${zeros}`)
  return time
}

const peers = await startPeers(options.python, { n, sparsity, warmMs: WARM_MS })
const sides = new Map<string, () => number | Promise<number>>([
  ['ours', () => warm(prune)],
  ['memcpy', () => warm(() => seconds(() => { copied.set(source) }))],
  ...peers.ways.map((way) => [way, () => peers.run(way)] as const),
])
// The engine compiles a loop while it runs: it is timed once that is done.
for (let turn = 0; turn < Math.max(3, 3e6 / n); turn++) prune()
const times = new Map([...sides.keys()].map((name) => [name, [] as number[]]))
for (let round = 0; round < runs; round++) {
  for (const [name, run] of rotated([...sides], round)) times.get(name)!.push(await run())
}
peers.stop()

const nanoseconds = (name: string): number => summarize(times.get(name)!).median / n * 1e9
/** Of several ways, the fastest one. */
function over (...ways: readonly string[]): number | null {
  const [fastest] = ways.filter((way) => times.has(way)).sort((a, b) => nanoseconds(a) - nanoseconds(b))
  return fastest === undefined ? null : round3(summarize(pairedRatios(times.get('ours')!, times.get(fastest)!)).median)
}
const round3 = (value: number): number => Math.round(value * 1000) / 1000

const result = {
  n,
  sparsity,
  runs,
  nsPerWeight: round3(nanoseconds('ours')),
  overNumpy: over('numpy', 'numpyInPlace'),
  overKthvalue: over('kthvalue'),
  overTopk: over('topk'),
  overFastestPeer: over(...peers.ways),
  overMemcpy: over('memcpy'),
  nsPerWeightOf: Object.fromEntries([...times.keys()].map((name) => [name, round3(nanoseconds(name))])),
}
if (options.json) {
  console.log(JSON.stringify(result))
} else {
  console.log(`${cpus()[0]?.model ?? 'unknown processor'}, ${cpus().length} cores, load ${loadavg()[0]!.toFixed(1)}, Node ${process.version}`)
  console.log(`${n} weights to ${sparsity}: median of ${runs} rounds, ns per weight`)
  for (const name of times.keys()) {
    const { median, low, high } = summarize(times.get(name)!)
    const [middle, ...ends] = [median, low, high].map((value) => (value / n * 1e9).toFixed(2))
    console.log(`  ${name.padEnd(13)} ${middle} (${ends.join(' to ')})${name === 'ours' ? '' : `  ours / ${name} = ${over(name)!.toFixed(3)}`}`)
  }
  if (peers.ways.length === 0) console.log('numpy cannot be imported: no comparison')
}
