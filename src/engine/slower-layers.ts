/** Which layers take longer than before although channels were taken out. */
import type { LayerLatency } from './layer-latency.ts'

/** The lower quartile of a layer's ratios is above this, of so many rounds at least: noise reaches the median now and then. */
const [SLOWER, ROUNDS] = [1.05, 5]

/** A sentence for each. */
export function slowerLayers (layers: readonly LayerLatency[]): string[] {
  return layers.filter(({ quartiles: [low], runs }) => low > SLOWER && runs >= ROUNDS).map(({ layer, before, after, ratio, batch }) =>
    `${layer} takes ${ratio.toFixed(2)} times as long as before (${milliseconds(after.p50)} for a batch of ${batch}, ${milliseconds(before.p50)} before)`)
}

function milliseconds (time: number): string {
  return `${Number(time.toPrecision(3))} ms`
}
