/** Which weights are left: the matrix of a tensor as a map that one can go into until every weight is a cell. */
import { useEffect, useLayoutEffect, useRef, useState, type KeyboardEvent, type PointerEvent } from 'react'
import { useQuery } from '@tanstack/react-query'
import { maskQuery, type Mask, type MaskWindow, type WeightTensor } from '../../api/weights.ts'
import { onThemeChange } from '../../app/theme.ts'
import { Button } from '../../components/button.tsx'
import { count, percent } from '../../format/numbers.ts'
import { drawMask } from './draw-mask.ts'
import { cellAt, inside, moved, wholeOf, zoomed, isWhole } from './mask-window.ts'

const MOVES: Readonly<Record<string, readonly [number, number]>> = { ArrowUp: [-0.25, 0], ArrowDown: [0.25, 0], ArrowLeft: [0, -0.25], ArrowRight: [0, 0.25] }

export function MaskMap ({ address, tensor }: { readonly address: string, readonly tensor: WeightTensor }) {
  const [window, setWindow] = useState<MaskWindow>(() => wholeOf(tensor))
  const [text, setText] = useState('')
  const [theme, setTheme] = useState(0)
  const canvas = useRef<HTMLCanvasElement>(null)
  const { data: mask } = useQuery(maskQuery(address, window))
  useEffect(() => onThemeChange(() => { setTheme((now) => now + 1) }), [])
  useLayoutEffect(() => { if (canvas.current !== null && mask !== undefined) drawMask(canvas.current, mask) }, [mask, theme])

  const zoom = (factor: number, at?: readonly [number, number]): void => { setWindow(zoomed(window, tensor, factor, at)) }
  const onKeyDown = (event: KeyboardEvent): void => {
    const move = MOVES[event.key]
    if (move !== undefined) setWindow(moved(window, tensor, move))
    else if (event.key === '+' || event.key === '=') zoom(0.5)
    else if (event.key === '-') zoom(2)
    else return
    event.preventDefault()
  }
  return (
    <figure className='mask'>
      <figcaption className='chart-head'>
        <h3>Which are left</h3>
        <div className='actions'>
          <Button size='small' icon='plus' label='Zoom in on the map' isDisabled={inside(window)} onPress={() => { zoom(0.5) }}>Zoom in</Button>
          <Button size='small' isDisabled={isWhole(window, tensor)} label='Zoom out of the map' onPress={() => { zoom(2) }}>Zoom out</Button>
          <Button size='small' isDisabled={isWhole(window, tensor)} label='Whole map' onPress={() => { setWindow(wholeOf(tensor)) }}>Whole</Button>
        </div>
      </figcaption>
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions -- keys and pointer move what is shown; the buttons do too */}
      <div
        className='mask-frame' role='application' aria-roledescription='map' aria-label='Map of the weights that are left: arrow keys move, plus and minus go in and out' tabIndex={0}
        onKeyDown={onKeyDown}
        onPointerMove={(event) => { if (mask !== undefined) setText(cellText(mask, placeOf(event))) }}
        onPointerLeave={() => { setText('') }}
        onDoubleClick={(event) => { zoom(0.5, placeOf(event)) }}
      >
        <canvas ref={canvas} aria-hidden='true' />
      </div>
      <p className='small soft number' aria-live='polite'>{text !== '' ? text : mask === undefined ? 'Loading' : windowText(mask, tensor)}</p>
    </figure>
  )
}

/** Down and across, each from 0 to 1. */
function placeOf (event: Pick<PointerEvent, 'clientX' | 'clientY' | 'currentTarget'>): readonly [number, number] {
  const { left, top, width, height } = event.currentTarget.getBoundingClientRect()
  return [(event.clientY - top) / height, (event.clientX - left) / width]
}

function cellText (mask: Mask, place: readonly [number, number]): string {
  const { row, column, share } = cellAt(mask, place)
  const single = mask.cellRows === 1 && mask.cellColumns === 1
  const where = single ? `row ${count(row)}, column ${count(column)}` : `rows ${count(row)} to ${count(row + mask.cellRows - 1)}, columns ${count(column)} to ${count(column + mask.cellColumns - 1)}`
  return `${where}: ${single ? (share > 0 ? 'kept' : 'gone') : `${percent(share)} kept`}`
}

function windowText ({ row, column, rows, columns, cellRows, cellColumns }: Mask, tensor: WeightTensor): string {
  const cell = cellRows * cellColumns === 1 ? 'a cell is a weight' : `a cell is ${cellRows} × ${cellColumns} weights`
  const part = rows >= tensor.rows && columns >= tensor.columns ? `all ${count(tensor.rows)} rows (inputs) and ${count(tensor.columns)} columns (outputs)` : `rows ${count(row)} to ${count(Math.min(tensor.rows, row + rows) - 1)}, columns ${count(column)} to ${count(Math.min(tensor.columns, column + columns) - 1)}`
  return `${part}; ${cell}, the fuller the more are kept`
}
