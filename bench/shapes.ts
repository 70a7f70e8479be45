/**
 * Which numbers of channels are fast here: convolutions of 3x3 over 28x28 and dense layers of neighbouring widths, as the engine runs them, in turns. A figure is the
 * time of a layer for each multiplication over that of the reference width, 1 when only the multiplications count: of the least times of all rounds, which other
 * work of the machine does not reach, and as the median (and quartiles) of the ratios within a round.
 */
import { cpus, loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import { timeInTurn } from '../src/engine/latency.ts'
import { holdLayer, type LoneLayer } from '../src/engine/lone-layer.ts'
import { loadEngine } from '../src/engine/runtime.ts'
import { readArchitecture } from '../src/models/architecture/index.ts'
import { bytesInMemory } from '../src/models/bytes.ts'
import type { ModelFile } from '../src/models/model.ts'
import { sizeOf } from '../src/models/tensor.ts'
import { pairedRatios, summarize } from './train/statistics.ts'

interface Kind {
  readonly name: string
  readonly className: 'Conv2D' | 'Dense'
  /** Of the layer's input without its channels. */
  readonly positions: readonly number[]
  /** What goes in when `width` goes out. */
  readonly inputs: (width: number) => number
  readonly widths: readonly number[]
  readonly reference: number
}

const SIDE = 28

const KINDS: readonly Kind[] = [
  { name: 'conv2d, 32 in', className: 'Conv2D', positions: [SIDE, SIDE], inputs: () => 32, widths: [24, 28, 31, 32, 33, 36, 40, 47, 48, 49, 56, 63, 64, 65], reference: 32 },
  { name: 'conv2d, as many in', className: 'Conv2D', positions: [SIDE, SIDE], inputs: (width) => width, widths: [24, 28, 31, 32, 33, 36, 40, 47, 48, 49, 56, 63, 64, 65], reference: 32 },
  { name: 'dense, 800 in', className: 'Dense', positions: [], inputs: () => 800, widths: [250, 256, 300, 304, 497, 500, 504, 511, 512, 513], reference: 512 },
  { name: 'dense, as many in', className: 'Dense', positions: [], inputs: (width) => width, widths: [250, 256, 300, 304, 497, 500, 504, 511, 512, 513], reference: 512 },
]

const { values: options } = parseArgs({
  options: {
    batches: { type: 'string', default: '1,64' },
    rounds: { type: 'string', default: '41' },
    only: { type: 'string', default: '' },
    json: { type: 'boolean', default: false },
  },
})
const { tf, info } = await loadEngine()
const log = (line: string): void => { if (!options.json) console.log(line) }

function modelOf ({ className, positions, inputs }: Kind, width: number): ModelFile {
  const settings = className === 'Dense' ? { units: width } : { filters: width, kernel_size: [3, 3], padding: 'same' }
  const layers = [
    { class_name: 'InputLayer', config: { name: 'input', batch_shape: [null, ...positions, inputs(width)] } },
    { class_name: className, config: { name: 'layer', activation: 'relu', ...settings } },
  ]
  const whole = { class_name: 'Sequential', config: { name: 'model', layers } }
  const architecture = readArchitecture(whole)
  const made = architecture.layers.map((layer) => ({
    path: layer.path,
    className: layer.className,
    layer,
    weights: (layer.weights ?? []).map((spec) => {
      const values = Float32Array.from({ length: sizeOf(spec.shape) }, () => Math.random() - 0.5)
      return { role: spec.role, spec, prunable: spec.prunable, tensor: { key: spec.role, shape: spec.shape, type: 'float32' as const, read: async () => values, async * chunks () { yield values } } }
    }),
  }))
  return { format: 'keras', source: bytesInMemory(new Uint8Array()), architecture, layers: made, config: whole, producer: {}, hasOptimizerState: false, rest: undefined }
}

const figures: Record<string, number> = {}

async function bench (kind: Kind, batch: number): Promise<void> {
  const held: LoneLayer[] = []
  try {
    for (const width of kind.widths) {
      const model = modelOf(kind, width)
      const node = model.architecture.graph!.nodes.at(-1)!
      const layer = await holdLayer(tf, { model, node, inputs: [[batch, ...kind.positions, kind.inputs(width)]] })
      held.push(layer)
      if (!layer.compile()) throw new Error(`${kind.name} of ${width} cannot be compiled`)
      layer.use(true)
    }
    const idle = held[0]!
    const [calls, ...times] = await timeInTurn([() => { idle.idle() }, ...held.map((layer) => () => { layer.pass() })], { warmUp: 3, runs: Number(options.rounds), budgetMs: Infinity })
    // The call itself is the same for all widths.
    const call = Math.min(...calls!)
    const perWork = times.map((measured, index) => measured.map((time) => (time - call) / (kind.widths[index]! * kind.inputs(kind.widths[index]!))))
    const reference = perWork[kind.widths.indexOf(kind.reference)]!
    log(`\n${kind.name}, batch ${batch}; a call takes ${call.toFixed(3)} ms`)
    for (const [index, width] of kind.widths.entries()) {
      const least = Math.min(...perWork[index]!) / Math.min(...reference)
      const { median, low, high } = summarize(pairedRatios(perWork[index]!, reference))
      figures[`${kind.name}, batch ${batch}: ${width}`] = Math.round(least * 1000) / 1000
      log(`  ${String(width).padStart(4)}  ${Math.min(...times[index]!).toFixed(3)} ms  ${least.toFixed(2)}  ${median.toFixed(2)} (${low.toFixed(2)} to ${high.toFixed(2)})`)
    }
  } finally {
    for (const layer of held) layer.dispose()
  }
}

log(`${cpus()[0]?.model ?? 'unknown processor'}, ${cpus().length} cores, ${info.device}, TensorFlow ${info.tensorflow}, load ${loadavg()[0]!.toFixed(1)}, Node ${process.version}`)
for (const kind of KINDS.filter(({ name }) => name.includes(options.only))) for (const batch of options.batches.split(',').map(Number)) await bench(kind, batch)
if (options.json) console.log(JSON.stringify(figures))
