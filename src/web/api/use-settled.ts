/** A value that has not changed for a while: what is asked of the server while someone types. */
import { useEffect, useState } from 'react'

export function useSettled<T> (value: T, ms: number): T {
  const [settled, setSettled] = useState(value)
  useEffect(() => {
    const timer = setTimeout(() => { setSettled(value) }, ms)
    return () => { clearTimeout(timer) }
  }, [value, ms])
  return settled
}
