/** Time of pruning n weights to an exact sparsity, beside numpy's selection where numpy can be imported: npm run bench:select -- --n 1e7 --json */
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { pruneMagnitude } from '../src/pruning/prune.ts'

const { values: options } = parseArgs({
  options: { n: { type: 'string', default: '1e7' }, sparsity: { type: 'string', default: '0.9' }, runs: { type: 'string', default: '7' }, python: { type: 'string', default: 'python3' }, json: { type: 'boolean', default: false } },
})
const [n, sparsity, runs] = [Number(options.n), Number(options.sparsity), Number(options.runs)]
if (!(n >= 1 && sparsity >= 0 && sparsity < 1 && runs >= 1)) throw new Error('--n must be at least 1, --sparsity in [0, 1), --runs at least 1')

/* The way it is written by hand: select by partition, compare, multiply. It reads a line per run and answers with seconds. */
const PEER = `
import sys, time
import numpy as np
n, sparsity = int(sys.argv[1]), float(sys.argv[2])
u = np.random.default_rng(1).random((2, n), dtype=np.float32)
source = (u[0] - 0.5) * u[1]
del u
k = int(sparsity * n + 0.5)
print("ready", flush=True)
for _ in sys.stdin:
    w = source.copy()
    t = time.perf_counter()
    a = np.abs(w)
    if k > 0:
        w[a <= np.partition(a, k - 1)[k - 1]] = 0
    print(time.perf_counter() - t, flush=True)
`

/** Gives the seconds of one run of numpy, or null where it cannot be imported. */
async function startPeer (): Promise<{ run (): Promise<number>, stop (): void } | null> {
  const child = spawn(options.python, ['-c', PEER, String(n), String(sparsity)], { stdio: ['pipe', 'pipe', 'ignore'] })
  child.on('error', () => {})
  child.stdin.on('error', () => {})
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  if ((await lines.next()).value !== 'ready') return null
  return {
    async run () {
      child.stdin.write('\n')
      return Number((await lines.next()).value)
    },
    stop () { child.stdin.end() },
  }
}

function median (numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b)
  return (sorted[(sorted.length - 1) >> 1]! + sorted[sorted.length >> 1]!) / 2
}

const source = new Float32Array(n)
for (let index = 0; index < n; index++) source[index] = (Math.random() - 0.5) * Math.random()

function runOurs (): number {
  const weights = source.slice()
  const start = performance.now()
  const { zeros } = pruneMagnitude([{ name: 'w', layer: 'w', values: weights }], { sparsity, scope: 'global' })
  const seconds = (performance.now() - start) / 1000
  if (zeros !== Math.floor(sparsity * n + 0.5)) throw new Error(`${zeros} zeros instead of ${sparsity * n}`)
  return seconds
}

const peer = await startPeer()
const ours: number[] = []
const numpy: number[] = []
runOurs()
await peer?.run()
for (let run = 0; run < runs; run++) {
  ours.push(runOurs())
  if (peer !== null) numpy.push(await peer.run())
}
peer?.stop()

const result = {
  n,
  sparsity,
  runs,
  medianSeconds: median(ours),
  nanosecondsPerWeight: median(ours) / n * 1e9,
  numpyMedianSeconds: peer === null ? null : median(numpy),
  secondsOverNumpy: peer === null ? null : median(ours.map((seconds, run) => seconds / numpy[run]!)),
}
if (options.json) {
  console.log(JSON.stringify(result))
} else {
  console.log(`${n} weights to ${sparsity}: ${result.medianSeconds.toFixed(3)} s, ${result.nanosecondsPerWeight.toFixed(1)} ns per weight (median of ${runs})`)
  console.log(peer === null ? 'numpy cannot be imported: no comparison' : `numpy: ${result.numpyMedianSeconds!.toFixed(3)} s; ours / numpy = ${result.secondsOverNumpy!.toFixed(2)}`)
}
