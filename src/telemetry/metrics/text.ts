/** The text of metrics: OpenMetrics as its rules want it, and the same in Prometheus' older form. */

/** Bounds of buckets as OpenMetrics writes numbers: `1` is `1.0` there. */
export function canonical (openMetrics: string): string {
  return openMetrics.replace(/\ble="(\d+)"/g, 'le="$1.0"')
}

/** Behind a sample: labels, value, time. No value of a label here holds a `#`. */
const EXEMPLAR = / # \{[^}]*\} \S+( \S+)?$/

/** The older form calls a counter by the name of its sample, and knows neither an end nor exemplars. */
export function prometheusText (openMetrics: string): string {
  const lines = openMetrics.split('\n')
  const counters = new Set(lines.map((line) => /^# TYPE (\S+) counter$/.exec(line)?.[1]).filter((name) => name !== undefined))
  return lines.filter((line) => line !== '# EOF').map((line) => line.startsWith('#') ? line : line.replace(EXEMPLAR, '')).map((line) => line.replace(/^# (HELP|TYPE) (\S+)/, (head, word: string, name: string) => counters.has(name) ? `# ${word} ${name}_total` : head)).join('\n')
}
