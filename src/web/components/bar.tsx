/** How far something is. */
import { useLayoutEffect, useRef } from 'react'

export interface BarProps {
  /** What it is the progress of. */
  readonly label: string
  /** 0 to 1. */
  readonly share: number
  readonly left?: string
  readonly right?: string | undefined
}

export function Bar ({ label, share, left = '', right = '' }: BarProps) {
  const fill = useRef<HTMLSpanElement>(null)
  const held = Math.min(1, Math.max(0, share))
  useLayoutEffect(() => { fill.current?.style.setProperty('transform', `scaleX(${held})`) }, [held])
  return (
    <div>
      <div className='bar-text'><span>{left}</span><span className='number'>{right}</span></div>
      <div className='bar-track' role='progressbar' aria-label={label} aria-valuemin={0} aria-valuemax={100} aria-valuenow={Math.round(held * 100)} aria-valuetext={`${left} ${Math.round(held * 100)} %`}>
        <span ref={fill} className='bar-fill' />
      </div>
    </div>
  )
}
