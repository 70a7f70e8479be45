/** The page of models: upload, list, and the layers of one with what of them can be pruned. */
import { useQuery } from '@tanstack/react-query'
import { Link } from 'wouter'
import { modelsQuery } from '../api/files.ts'
import type { Model } from '../api/types.ts'
import type { DataColumn } from '../components/data-table.tsx'
import { LayersTable } from '../components/layers-table.tsx'
import { Time } from '../components/time.tsx'
import { bytes, count, percent, short } from '../format/numbers.ts'
import { FilePage } from './files/file-page.tsx'

const COLUMNS: ReadonlyArray<DataColumn<Model>> = [
  { id: 'name', name: 'Model', isRowHeader: true, bare: true, sortBy: ({ name }) => name, cell: ({ id, name }) => <Link href={`/models?id=${id}`}>{name}</Link> },
  { id: 'format', name: 'Format', cell: ({ format }) => format },
  { id: 'weights', name: 'Weights', isNumber: true, sortBy: ({ weights }) => weights, cell: ({ weights }) => short(weights) },
  { id: 'zeros', name: 'Zero', isNumber: true, sortBy: ({ weights, nonzeros }) => weights === 0 ? null : 1 - nonzeros / weights, cell: ({ weights, nonzeros }) => weights === 0 ? '–' : percent(1 - nonzeros / weights) },
  { id: 'bytes', name: 'File', isNumber: true, sortBy: ({ bytes: size }) => size, cell: ({ bytes: size }) => bytes(size) },
  { id: 'created', name: 'Uploaded', isNumber: true, sortBy: ({ createdAt }) => createdAt, cell: ({ createdAt }) => <Time at={createdAt} /> },
]

export default function ModelsPage () {
  const { data, error, refetch } = useQuery(modelsQuery)
  return (
    <FilePage
      kind='models' title='Models' about='Model files, and what of each can be pruned.' empty='Drop one above: a Keras, ONNX, SavedModel, TF.js or safetensors file.'
      files={data?.items} error={error} onRetry={() => { void refetch() }} columns={COLUMNS} detail={(model) => <ModelDetail model={model} />}
    />
  )
}

const shapes = (all: Model['inputs']): string => all.map((shape) => shape.map((size) => size ?? 'batch').join('×')).join(', ') || '–'

function ModelDetail ({ model }: { readonly model: Model }) {
  const { format, weights, prunableWeights, macs, inputs, outputs, problem, producer, sha256, id } = model
  return (
    <>
      {problem !== undefined && <p className='callout warn small'>{problem}</p>}
      <dl className='facts'>
        <dt>Format</dt><dd>{[format, ...Object.entries(producer).map(([name, version]) => `${name} ${version}`)].join(', ')}</dd>
        <dt>Weights</dt><dd>{count(weights)}, of which {count(prunableWeights)} can be pruned</dd>
        <dt>Multiplications</dt><dd>{macs === null ? 'not known' : `${count(macs)} for one example`}</dd>
        <dt>Inputs, outputs</dt><dd className='mono'>{shapes(inputs)} → {shapes(outputs)}</dd>
        <dt>Id, sha256</dt><dd className='mono file-id'>{id}<br />{sha256}</dd>
      </dl>
      <LayersTable model={model} />
    </>
  )
}
