/** Times and durations as people read them. */
const STEPS = [['day', 86_400], ['hour', 3600], ['minute', 60], ['second', 1]] as const
const AGO = new Intl.RelativeTimeFormat('en', { numeric: 'auto' })
const MOMENT = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'medium' })

/** 3 s, 2 min 5 s, 1 h 4 min. */
export function duration (seconds: number): string {
  if (seconds < 1) return `${Math.max(0, Math.round(seconds * 1000))} ms`
  const whole = Math.round(seconds)
  if (whole < 60) return `${whole} s`
  if (whole < 3600) return `${Math.floor(whole / 60)} min${whole % 60 === 0 ? '' : ` ${whole % 60} s`}`
  return `${Math.floor(whole / 3600)} h${whole % 3600 < 60 ? '' : ` ${Math.floor(whole % 3600 / 60)} min`}`
}

/** 2 minutes ago. */
export function ago (iso: string, now = Date.now()): string {
  const seconds = Math.round((Date.parse(iso) - now) / 1000)
  const [unit, size] = STEPS.find(([, least]) => Math.abs(seconds) >= least) ?? ['second', 1]
  return Math.abs(seconds) < 5 ? 'just now' : AGO.format(Math.round(seconds / size), unit)
}

export function moment (iso: string): string {
  return MOMENT.format(new Date(iso))
}

/** Seconds from one time to another, or to now. */
export function secondsBetween (from: string, to: string | undefined, now = Date.now()): number {
  return ((to === undefined ? now : Date.parse(to)) - Date.parse(from)) / 1000
}
