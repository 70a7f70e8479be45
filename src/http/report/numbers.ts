/** Numbers as people read them; null is a dash. */

const NOTHING = '–'

export function count (value: number | null): string {
  return value === null ? NOTHING : value.toLocaleString('en-US')
}

export function rounded (value: number | null): string {
  return value === null ? NOTHING : String(Number(value.toPrecision(4)))
}

export function percent (fraction: number | null): string {
  return fraction === null ? NOTHING : `${Number((fraction * 100).toFixed(2))} %`
}

/** Decimal units, as disks and file managers count. */
export function bytes (value: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  const power = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(1, value)) / 3))
  return `${Number((value / 1000 ** power).toPrecision(3))} ${units[power] ?? 'B'}`
}
