/** Numbers onto an axis, and the round numbers that stand along it. */
export interface Scale {
  /** 0 at one end of the axis, 1 at the other. */
  place (value: number): number
  readonly ticks: readonly number[]
}

/** What spans more than this is easier to see by its logarithm. */
const LOG_FROM = 12
const TICKS = 5
const ROOM = 0.06
/** Numbers that differ by less of their size are one: no tick could tell them apart. */
const SAME = 1e-9

/** @param values - finite; what is not positive makes the axis linear */
export function scaleOf (values: readonly number[], { allowLog = false }: { readonly allowLog?: boolean } = {}): Scale {
  const [low, high] = [Math.min(...values), Math.max(...values)]
  if (!Number.isFinite(low)) return { place: () => 0.5, ticks: [] }
  if (allowLog && low > 0 && high / low > LOG_FROM) return logScale(low, high)
  const largest = Math.max(Math.abs(low), Math.abs(high))
  const room = high - low <= largest * SAME ? largest * 0.1 || 1 : (high - low) * ROOM
  const [from, to] = [low - room, high + room]
  const step = roundStep((to - from) / TICKS)
  const first = Math.ceil(from / step)
  const ticks = Array.from({ length: Math.floor(to / step) - first + 1 }, (_, index) => Number(((first + index) * step).toPrecision(12)))
  return { place: (value) => (value - from) / (to - from), ticks }
}

function logScale (low: number, high: number): Scale {
  const room = Math.log(high / low) * ROOM
  const [from, to] = [Math.log(low) - room, Math.log(high) + room]
  const decades = Array.from({ length: Math.ceil(to / Math.LN10) - Math.floor(from / Math.LN10) + 1 }, (_, index) => 10 ** (Math.floor(from / Math.LN10) + index))
  const ticks = decades.flatMap((decade) => [1, 2, 5].map((digit) => digit * decade)).filter((tick) => Math.log(tick) >= from && Math.log(tick) <= to)
  return { place: (value) => (Math.log(value) - from) / (to - from), ticks }
}

/** 1, 2 or 5 times a power of ten, not smaller than `step`. */
function roundStep (step: number): number {
  const power = 10 ** Math.floor(Math.log10(step))
  return (([1, 2, 5].find((digit) => digit * power >= step)) ?? 10) * power
}
