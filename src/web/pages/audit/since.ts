/** From when on actions are shown, by how many hours ago that is. */
const HOUR_MS = 3_600_000

/** `hours`: before now; undefined when it is no number of hours. To the minute, so that the same question is asked but once. */
export function sinceOf (hours: string | null, now = Date.now()): string | undefined {
  const number = Number(hours)
  if (hours === null || !Number.isFinite(number) || number <= 0) return undefined
  const minute = HOUR_MS / 60
  return new Date(Math.floor((now - number * HOUR_MS) / minute) * minute).toISOString()
}
