/** A table that is sorted by its heads, read by screen readers, and a list of cards where the window is narrow. */
import { useMemo, useState, type ReactNode } from 'react'
import { Cell, Column, Row, Table, TableBody, TableHeader, type SortDescriptor } from 'react-aria-components/Table'
import { Icon } from './icon.tsx'
import { ordered, type SortBy } from './row-order.ts'
import './data-table.css'

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
  readonly empty?: ReactNode
  readonly initialSort?: SortDescriptor
}

export function DataTable<T extends object> ({ label, columns, rows, idOf, empty, initialSort }: DataTableProps<T>) {
  const [sort, setSort] = useState<SortDescriptor | undefined>(initialSort)
  const sorted = useMemo(() => ordered(rows, columns.find(({ id }) => id === sort?.column)?.sortBy, sort?.direction), [rows, columns, sort])
  return (
    <div className='data-table-frame'>
      <Table className='data-table' aria-label={label} {...(sort && { sortDescriptor: sort })} onSortChange={setSort}>
        <TableHeader>
          {columns.map(({ id, name, sortBy, isNumber, isRowHeader }) => (
            <Column key={id} id={id} className={isNumber === true ? 'is-number' : ''} isRowHeader={isRowHeader === true} allowsSorting={sortBy !== undefined}>
              {({ sortDirection }) => <span className='data-head'>{name}{sortDirection !== undefined && <Icon name={sortDirection === 'ascending' ? 'up' : 'down'} />}</span>}
            </Column>
          ))}
        </TableHeader>
        <TableBody items={sorted} dependencies={[columns]} renderEmptyState={() => empty ?? 'Nothing'}>
          {(row) => (
            <Row id={idOf(row)}>
              {columns.map(({ id, name, cell, isNumber, bare }) => (
                <Cell key={id} className={isNumber === true ? 'is-number' : ''} {...(bare !== true && { 'data-title': name })} data-column={id}>{cell(row)}</Cell>
              ))}
            </Row>
          )}
        </TableBody>
      </Table>
    </div>
  )
}
