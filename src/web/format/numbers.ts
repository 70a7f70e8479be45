/** Numbers as people read them. */
const WHOLE = new Intl.NumberFormat('en', { maximumFractionDigits: 0 })
const SHORT = new Intl.NumberFormat('en', { notation: 'compact', maximumSignificantDigits: 3 })
const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'] as const

export const NOTHING = '–'

export function count (value: number | null | undefined): string {
  return value === null || value === undefined ? NOTHING : WHOLE.format(value)
}

/** 431K, 2.29M. */
export function short (value: number | null | undefined): string {
  return value === null || value === undefined ? NOTHING : SHORT.format(value)
}

/** In units of 1000. */
export function bytes (value: number | null | undefined): string {
  if (value === null || value === undefined) return NOTHING
  const power = Math.min(UNITS.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(1, value)) / 3)))
  const scaled = value / 1000 ** power
  return `${scaled.toLocaleString('en', { maximumFractionDigits: power === 0 || scaled >= 100 ? 0 : scaled >= 10 ? 1 : 2 })} ${UNITS[power]}`
}

/** A share as percent, with more digits near the whole, where they matter: 90 %, 99.5 %. */
export function percent (share: number | null | undefined, digits = 1): string {
  return share === null || share === undefined ? NOTHING : `${(share * 100).toLocaleString('en', { maximumFractionDigits: digits })} %`
}

export function figure (value: number | null | undefined, digits = 4): string {
  if (value === null || value === undefined) return NOTHING
  if (!Number.isFinite(value)) return String(value)
  const size = Math.abs(value)
  if (size !== 0 && (size < 1e-4 || size >= 1e7)) return value.toExponential(2)
  return value.toLocaleString('en', { maximumSignificantDigits: digits })
}

export function milliseconds (value: number | null | undefined): string {
  return value === null || value === undefined ? NOTHING : `${figure(value, 3)} ms`
}

/** With a sign that is not a hyphen. */
export function signed (text: string, value: number): string {
  return value > 0 ? `+${text}` : value < 0 ? `−${text.replace(/^[-−]/, '')}` : text
}
