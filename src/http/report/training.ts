/** The part of a receipt's page that tells how the model was trained. */
import type { TrainingRecord } from '../../methods/receipt.ts'
import { html, type Html } from './html.ts'
import { count, rounded } from './numbers.ts'

const STOPPED: Readonly<Record<TrainingRecord['stoppedBy'], string>> = {
  epochs: 'all epochs were trained', 'early-stopping': 'nothing was gained any more', 'time-budget': 'the time budget was spent',
}

/** In sentences. */
export function trainingText (record: TrainingRecord): Html {
  const validation = record.validationExamples > 0 ? `, ${count(record.validationExamples)} more selected` : ''
  const restored = record.restoredEpoch === null ? '' : ` The weights are those of epoch ${record.restoredEpoch}.`
  const resumed = record.resumedAtStep === null ? '' : ` It went on from a checkpoint at step ${count(record.resumedAtStep)}.`
  const held = record.held === 'session' ? 'held in memory' : 'streamed'
  return html`<p>${count(record.trainedWeights)} weights were trained on ${count(record.examples)} examples (${record.data}, ${held}${validation}) in ${count(record.steps)} steps,
${rounded(record.stepsPerSecond)} a second, to lower ${record.losses.join(', ')}; ${count(record.keptZeros)} zeros were kept. It ended because ${STOPPED[record.stoppedBy]}.${restored}${resumed}</p>`
}

/** The columns that the epochs of a run have. */
export function epochTitles ({ epochs }: TrainingRecord): string[] {
  const names = namesOf(epochs)
  const validated = epochs.some(({ validation }) => validation !== undefined)
  return ['#epoch', '#loss', ...names.map((name) => `#${name}`), ...validated ? ['#validation loss', ...names.map((name) => `#validation ${name}`)] : []]
}

export function epochRows ({ epochs }: TrainingRecord): Html[] {
  const names = namesOf(epochs)
  const validated = epochs.some(({ validation }) => validation !== undefined)
  return epochs.map(({ epoch, loss, metrics, validation }) => {
    const figures = [loss, ...names.map((name) => metrics[name] ?? null), ...validated ? [validation?.loss ?? null, ...names.map((name) => validation?.metrics[name] ?? null)] : []]
    return html`<tr><td class="n">${epoch}</td>${figures.map((figure) => html`<td class="n">${rounded(figure)}</td>`)}</tr>\n`
  })
}

function namesOf (epochs: TrainingRecord['epochs']): string[] {
  return [...new Set(epochs.flatMap(({ metrics, validation }) => [...Object.keys(metrics), ...Object.keys(validation?.metrics ?? {})]))]
}
