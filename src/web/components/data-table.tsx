/** A table that is sorted by its heads, read by screen readers, and a list of cards where the window is narrow. Hundreds of rows are made at once. */
import { memo, useMemo, useState, type ReactNode } from 'react'
import { Icon } from './icon.tsx'
import { ordered, type RowOrder, type SortBy } from './row-order.ts'
import './data-table.css'

/* eslint-disable jsx-a11y/no-redundant-roles, jsx-a11y/no-interactive-element-to-noninteractive-role -- where the window is narrow rows are cards, by which they would lose their roles */

export interface DataColumn<T> {
  readonly id: string
  readonly name: string
  readonly cell: (row: T) => ReactNode
  /** What rows are sorted by; absent: not by this. Null comes last. */
  readonly sortBy?: SortBy<T>
  readonly isNumber?: boolean
  /** The cell that names the row; one column has it. */
  readonly isRowHeader?: boolean
  /** No title beside it on a card. */
  readonly bare?: boolean
}

export interface DataTableProps<T> {
  readonly label: string
  readonly columns: ReadonlyArray<DataColumn<T>>
  readonly rows: readonly T[]
  readonly idOf: (row: T) => string
}

export function DataTable<T extends object> ({ label, columns, rows, idOf }: DataTableProps<T>) {
  const [order, setOrder] = useState<RowOrder | null>(null)
  const shown = useMemo(() => ordered(rows, columns.find(({ id }) => id === order?.column)?.sortBy, order?.direction), [rows, columns, order])
  const choose = (column: string): void => {
    setOrder((now) => ({ column, direction: now?.column === column && now.direction === 'ascending' ? 'descending' : 'ascending' }))
  }
  return (
    <div className='data-table-frame' tabIndex={0} role='region' aria-label={`${label}, table`}>
      <table className='data-table' role='table' aria-label={label}>
        <thead role='rowgroup'>
          <tr role='row'>{columns.map((column) => <Head key={column.id} column={column} direction={order?.column === column.id ? order.direction : undefined} onChoose={choose} />)}</tr>
        </thead>
        <tbody role='rowgroup'>{shown.map((row) => <BodyRow key={idOf(row)} row={row} columns={columns} />)}</tbody>
      </table>
    </div>
  )
}

interface HeadProps { readonly column: Pick<DataColumn<never>, 'id' | 'name' | 'isNumber'> & { readonly sortBy?: unknown }, readonly direction: RowOrder['direction'] | undefined, readonly onChoose: (column: string) => void }

function Head ({ column: { id, name, isNumber, sortBy }, direction, onChoose }: HeadProps) {
  const className = isNumber === true ? 'is-number' : ''
  if (sortBy === undefined) return <th role='columnheader' scope='col' className={className}>{name}</th>
  return (
    <th role='columnheader' scope='col' className={className} aria-sort={direction ?? 'none'}>
      <button type='button' className='data-head' onClick={() => { onChoose(id) }}>{name}{direction !== undefined && <Icon name={direction === 'ascending' ? 'up' : 'down'} />}</button>
    </th>
  )
}

/** Rows that are what they were are not made again when their order changes. */
const BodyRow = memo(function BodyRow<T> ({ row, columns }: { readonly row: T, readonly columns: ReadonlyArray<DataColumn<T>> }) {
  return (
    <tr role='row'>
      {columns.map(({ id, name, cell, isNumber, isRowHeader, bare }) => {
        const props = { className: isNumber === true ? 'is-number' : '', 'data-column': id, ...(bare !== true && { 'data-title': name }) }
        return isRowHeader === true ? <th key={id} role='rowheader' scope='row' {...props}>{cell(row)}</th> : <td key={id} role='cell' {...props}>{cell(row)}</td>
      })}
    </tr>
  )
}) as <T>(props: { readonly row: T, readonly columns: ReadonlyArray<DataColumn<T>> }) => React.JSX.Element
