/** The receipt as one self-contained HTML page. */
import { createHash } from 'node:crypto'
import type { Measurement, Receipt } from '../../methods/receipt.ts'
import { bytes, count, percent, rounded } from './numbers.ts'
import { html, type Html } from './html.ts'
import { searchRows, searchText, searchTitles, SENSITIVITY_TITLES, sensitivityRows, UPDATE_TITLES, updateRows, updatesChart, updatesText } from './pruning.ts'
import { GROUP_TITLES, groupRows, SPEED_TITLES, speedRows, structureText } from './structure.ts'
import { epochRows, epochTitles, trainingText } from './training.ts'

const STYLE = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
body { max-width: 64rem; margin: 2rem auto; padding: 0 1rem }
h1 { font-size: 1.5rem } h2 { font-size: 1.15rem; margin-top: 2rem }
table { border-collapse: collapse; width: 100% }
th, td { text-align: left; padding: .3rem .6rem; border-bottom: 1px solid #8884 }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums }
tr.skipped { opacity: .65 }
pre { overflow: auto; padding: 1rem; background: #8881; border-radius: .4rem }
`

/** The style's hash, for the page's content security policy. */
export const STYLE_SOURCE = `sha256-${createHash('sha256').update(STYLE).digest('base64')}`

export interface Report { readonly id: string, readonly createdAt: Date, readonly finishedAt: Date | null, readonly receipt: Receipt }

export function reportPage ({ id, createdAt, finishedAt, receipt }: Report): string {
  return html`<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Receipt of job ${id}</title><style>${{ html: STYLE }}</style></head>
<body>
<h1>Receipt of job ${id}</h1>
<p>Submitted ${createdAt.toISOString()}${finishedAt === null ? '' : `, finished ${finishedAt.toISOString()}`}.</p>
${receipt.warnings.length > 0 ? html`<h2>Warnings</h2><ul>${receipt.warnings.map((warning) => html`<li>${warning}</li>`)}</ul>` : ''}
<h2>Before and after</h2>
${table(['', '#before', '#after'], comparison(receipt))}
${receipt.notMeasured === undefined ? '' : html`<p>Not measured: ${receipt.notMeasured}.</p>`}
${evaluation(receipt)}
${channels(receipt)}
${pruning(receipt)}
${training(receipt)}
<h2>Layers</h2>
${table(['layer', 'type', '#weights', '#nonzeros', '#asked', '#achieved', 'left alone because'], layers(receipt))}
<h2>Outputs</h2>
${table(['file', 'format', '#size', 'verified', 'sha256'], outputs(receipt))}
<h2>Provenance</h2>
<pre>${JSON.stringify(receipt.provenance, null, 2)}</pre>
</body>
</html>
`.html
}

function comparison ({ before, after, structure }: Receipt): Html[] {
  const names = [...new Set([...Object.keys(before.metrics ?? {}), ...Object.keys(after.metrics ?? {})])]
  const rows: Array<[string, (side: Measurement) => string]> = [
    ...names.map((name): [string, (side: Measurement) => string] => [name, (side) => rounded(side.metrics?.[name] ?? null)]),
    ['parameters', (side) => count(side.weights)],
    ['nonzeros', (side) => count(side.nonzeros)],
    [structure === undefined ? 'sparsity' : 'sparsity of the weights there are', (side) => percent(side.sparsity)],
    [structure === undefined ? 'compression' : 'compression (parameters of the given model / nonzeros)', (side) => `${rounded(side.compression)} ×`],
    ['multiply-accumulates', (side) => count(side.macs)],
    ['the same without zeros', (side) => count(side.effectiveMacs)],
    ['file', (side) => bytes(side.bytes)],
    ['file after gzip', (side) => `${bytes(side.gzipBytes)}${side.gzipEstimated ? ' (estimated)' : ''}`],
    ['weights, sparse-encoded', (side) => bytes(side.sparseBytes)],
    ['latency p50 / p95', (side) => side.latencyMs === null ? '–' : `${rounded(side.latencyMs.p50)} / ${rounded(side.latencyMs.p95)} ms`],
  ]
  return rows.map(([name, value]) => html`<tr><th>${name}</th>${number(value(before))}${number(value(after))}</tr>`)
}

function evaluation ({ evaluation }: Receipt): Html {
  if (evaluation === null) return html``
  const { examples, task, split, interval95, inputs } = evaluation
  const range = ([low, high]: readonly [number, number]) => `${percent(low)} to ${percent(high)}`
  const interval = interval95 === null ? '' : ` The accuracy's 95 % interval is ${range(interval95.before)} before and ${range(interval95.after)} after.`
  return html`<p>Measured on ${count(examples)} examples (${split}, ${task}), inputs x * ${rounded(inputs.scale)} + ${rounded(inputs.offset)} by ${inputs.source}.${interval}</p>`
}

function channels ({ structure, speed }: Receipt): Html {
  if (structure === undefined) return html``
  return html`<h2>Channels</h2>
${structureText(structure)}
${table(GROUP_TITLES, groupRows(structure))}
${speed === undefined
? ''
: html`<h2>Speed</h2>
<p>Both models in turn in one process, on inputs that are made up${speed.leftOut === 0 ? '' : html`; for ${count(speed.leftOut)} layers no time was left`}.</p>
${table(SPEED_TITLES, speedRows(speed))}`}`
}

function pruning ({ updates, search, sensitivity, batchNorm, structure }: Receipt): Html {
  const searched = structure === undefined ? 'sparsity' : 'share of channels'
  return html`${batchNorm === undefined ? '' : html`<p>The moving statistics of ${count(batchNorm.layers)} layers of batch normalisation were taken anew over ${count(batchNorm.examples)} examples.</p>`}
${sensitivity === undefined
? ''
: html`<h2>Sensitivity</h2>
<p>The loss over the calibration examples with one layer alone pruned to each sparsity.</p>
${table(SENSITIVITY_TITLES, sensitivityRows(sensitivity))}`}
${search === undefined
? ''
: html`<h2>Search</h2>
${searchText(search, searched)}
${table(searchTitles(searched), searchRows(search))}`}
${updates === undefined
? ''
: html`<h2>Masks</h2>
${updatesText(updates)}
${updatesChart(updates)}
${table(UPDATE_TITLES, updateRows(updates))}`}`
}

function training ({ training: record }: Receipt): Html {
  if (record === undefined) return html``
  return html`<h2>Training</h2>
${trainingText(record)}
${table(epochTitles(record), epochRows(record))}`
}

function layers (receipt: Receipt): Html[] {
  return receipt.layers.map(({ name, type, weights, nonzeros, asked, achieved, skipped }) => {
    const cells = html`<td>${name}</td><td>${type}</td>${number(count(weights))}${number(count(nonzeros))}${number(percent(asked))}${number(percent(achieved))}`
    return html`<tr${skipped === undefined ? '' : html` class="skipped"`}>${cells}<td>${skipped ?? ''}</td></tr>\n`
  })
}

function outputs (receipt: Receipt): Html[] {
  return receipt.outputs.map((output) => {
    const verified = `${output.verified ? 'yes' : 'no'}: ${output.verification}`
    return html`<tr><td>${output.name}</td><td>${output.format}</td>${number(bytes(output.bytes))}<td>${verified}</td><td><code>${output.sha256}</code></td></tr>\n`
  })
}

function number (text: string): Html {
  return html`<td class="n">${text}</td>`
}

/** A table; the columns whose title begins with # hold numbers. */
function table (titles: readonly string[], rows: readonly Html[]): Html {
  const head = titles.map((title) => title.startsWith('#') ? html`<th class="n">${title.slice(1)}</th>` : html`<th>${title}</th>`)
  return html`<table><thead><tr>${head}</tr></thead><tbody>${rows}</tbody></table>`
}
