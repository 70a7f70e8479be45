/** The page of data sets: upload, list, and what is in one. */
import { useQuery } from '@tanstack/react-query'
import { Link } from 'wouter'
import { datasetsQuery } from '../api/files.ts'
import type { Dataset } from '../api/types.ts'
import type { DataColumn } from '../components/data-table.tsx'
import { Time } from '../components/time.tsx'
import { bytes, count, figure } from '../format/numbers.ts'
import { FilePage } from './files/file-page.tsx'

const shape = (sizes: readonly number[]): string => sizes.length === 0 ? 'one number' : sizes.join('×')

const COLUMNS: ReadonlyArray<DataColumn<Dataset>> = [
  { id: 'name', name: 'Data set', isRowHeader: true, bare: true, sortBy: ({ name }) => name, cell: ({ id, name }) => <Link href={`/datasets?id=${id}`}>{name}</Link> },
  { id: 'format', name: 'Format', cell: ({ format }) => format },
  { id: 'examples', name: 'Examples', isNumber: true, sortBy: ({ examples }) => examples, cell: ({ examples }) => count(examples) },
  { id: 'features', name: 'One example', isNumber: true, cell: ({ features }) => shape(features) },
  { id: 'classes', name: 'Classes', isNumber: true, sortBy: ({ classes }) => classes ?? null, cell: ({ classes }) => count(classes) },
  { id: 'bytes', name: 'File', isNumber: true, sortBy: ({ bytes: size }) => size, cell: ({ bytes: size }) => bytes(size) },
  { id: 'created', name: 'Uploaded', isNumber: true, sortBy: ({ createdAt }) => createdAt, cell: ({ createdAt }) => <Time at={createdAt} /> },
]

export default function DatasetsPage () {
  const { data, error, refetch } = useQuery(datasetsQuery)
  return (
    <FilePage
      kind='datasets' title='Data sets' about='Examples to train, calibrate and evaluate with.' empty='Drop one above. A model can be pruned without, but not trained or measured.'
      files={data?.items} error={error} onRetry={() => { void refetch() }} columns={COLUMNS} detail={(dataset) => <DatasetDetail dataset={dataset} />}
    />
  )
}

/** More names than this are counted. */
const NAMES = 12

function DatasetDetail ({ dataset: { format, examples, splits, features, targets, classes, classNames = [], inputs, sha256, id } }: { readonly dataset: Dataset }) {
  const named = classNames.slice(0, NAMES).join(', ') + (classNames.length > NAMES ? ` and ${classNames.length - NAMES} more` : '')
  const parts = Object.entries(splits).map(([name, size]) => `${name} ${count(size)}`).join(', ')
  return (
    <dl className='facts'>
      <dt>Format</dt><dd>{format}</dd>
      <dt>Examples</dt><dd>{count(examples)}{parts !== '' && `: ${parts}`}</dd>
      <dt>One example</dt><dd className='mono'>{shape(features)} → {shape(targets)}</dd>
      <dt>Classes</dt><dd>{classes === undefined ? 'none' : `${count(classes)}${named === '' ? '' : `: ${named}`}`}</dd>
      <dt>Scaling</dt><dd>{inputs.scale === 1 && inputs.offset === 0 ? 'values as they are' : `value × ${figure(inputs.scale)} + ${figure(inputs.offset)}`}</dd>
      <dt>Id, sha256</dt><dd className='mono file-id'>{id}<br />{sha256}</dd>
    </dl>
  )
}
