/** A moment as how long ago it was; pointing at it tells the moment itself. */
import { useEffect, useState } from 'react'
import { ago, moment } from '../format/time.ts'

const REFRESH_MS = 30_000

export function Time ({ at }: { readonly at: string }) {
  const [, setTick] = useState(0)
  useEffect(() => {
    const timer = setInterval(() => { setTick((tick) => tick + 1) }, REFRESH_MS)
    return () => { clearInterval(timer) }
  }, [])
  return <time dateTime={at} title={moment(at)}>{ago(at)}</time>
}
