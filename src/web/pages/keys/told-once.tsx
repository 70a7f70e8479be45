/** A new key, which is shown this once. */
import type { NewApiKey } from '../../api/keys.ts'
import { Button } from '../../components/button.tsx'
import { CodeBlock } from '../../components/code-block.tsx'
import { Sheet } from '../../components/sheet.tsx'

export function ToldOnce ({ made, onClose }: { readonly made: NewApiKey | null, readonly onClose: () => void }) {
  return (
    <Sheet isOpen={made !== null} title='The new key'>
      <p className='soft'>Copy it now: it is kept nowhere, and not shown again.</p>
      {made !== null && <div className='new-key'><CodeBlock text={made.key} label='the key' /></div>}
      <div className='actions'><Button kind='primary' onPress={onClose}>I have it</Button></div>
    </Sheet>
  )
}
