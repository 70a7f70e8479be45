/** Where files are dropped or chosen: it sends them, shows how far that is, and gives what the server made of them. */
import { Button as AriaButton } from 'react-aria-components/Button'
import { DropZone, Text } from 'react-aria-components/DropZone'
import { FileTrigger } from 'react-aria-components/FileTrigger'
import type { FileKind, Stored } from '../api/upload.ts'
import { useUpload } from '../api/use-upload.ts'
import { bytes, percent } from '../format/numbers.ts'
import { Bar } from './bar.tsx'
import { Button } from './button.tsx'
import { Icon } from './icon.tsx'
import { ProblemNote } from './problem-note.tsx'
import './file-drop.css'

const ABOUT = {
  models: { drop: 'Drop a model here', forms: '.keras, .h5, .safetensors, .onnx, a zip of a SavedModel, or the files of a TF.js model', several: true },
  datasets: { drop: 'Drop a data set here', forms: '.npz, .csv, .parquet, or a zip of images by class, of .npy files or of idx pairs', several: false },
} as const satisfies Record<FileKind, object>

export function FileDrop<K extends FileKind> ({ kind, onStored }: { readonly kind: K, readonly onStored: (stored: Stored[K]) => void }) {
  const { sending, error, start, cancel } = useUpload(kind, onStored)
  const { drop, forms, several } = ABOUT[kind]
  if (sending !== null) {
    const { name, bytes: size, share } = sending
    return (
      <div className='file-drop sending'>
        <Bar label={`Sending ${name}`} share={share} left={share < 1 ? `Sending ${name}` : `The server reads ${name}`} right={`${percent(share, 0)} of ${bytes(size)}`} />
        <Button size='small' icon='cross' onPress={cancel}>Cancel the upload</Button>
      </div>
    )
  }
  return (
    <div className='file-drop-frame'>
      <DropZone
        className='file-drop'
        onDrop={({ items }) => {
          void Promise.all(items.flatMap((item) => item.kind === 'file' ? [item.getFile()] : [])).then((files) => { start(several ? files : files.slice(0, 1)) })
        }}
      >
        <Icon name='upload' />
        <Text slot='label'>{drop}</Text>
        <FileTrigger allowsMultiple={several} onSelect={(files) => { start([...files ?? []]) }}>
          <AriaButton className='button'>Choose a file<span className='hidden-text'> for the {kind === 'models' ? 'model' : 'data set'}</span></AriaButton>
        </FileTrigger>
        <p className='faint small'>{forms}</p>
      </DropZone>
      {error !== null && <ProblemNote error={error} />}
    </div>
  )
}
