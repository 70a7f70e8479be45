/** What can be done to a key: put another in its place, or end it; both ask first. */
import { useState } from 'react'
import { useRevokeKey, useRotateKey, type ApiKey, type NewApiKey } from '../../api/keys.ts'
import { Button } from '../../components/button.tsx'
import { ProblemNote } from '../../components/problem-note.tsx'
import { Sheet } from '../../components/sheet.tsx'

const HOUR = 3600

export function KeyActions ({ apiKey: { id, name, revokedAt, expiresAt }, onMade }: { readonly apiKey: ApiKey, readonly onMade: (key: NewApiKey) => void }) {
  const [asking, setAsking] = useState<'rotate' | 'revoke' | null>(null)
  const rotate = useRotateKey()
  const revoke = useRevokeKey()
  const close = (): void => {
    setAsking(null)
    rotate.reset()
    revoke.reset()
  }
  if (revokedAt !== null || (expiresAt !== null && Date.parse(expiresAt) < Date.now())) return null
  return (
    <div className='actions'>
      <Button size='small' icon='retry' label={`Rotate ${name}`} onPress={() => { setAsking('rotate') }}>Rotate</Button>
      <Button size='small' kind='danger' icon='cross' label={`Revoke ${name}`} onPress={() => { setAsking('revoke') }}>Revoke</Button>
      <Sheet isOpen={asking === 'rotate'} title={`Rotate ${name}?`} onClose={close}>
        <p className='soft'>A new key with the same name and scopes takes its place. The old one is still taken for an hour, so that nothing stands still meanwhile.</p>
        {rotate.error !== null && <ProblemNote error={rotate.error} />}
        <div className='actions'>
          <Button kind='primary' isPending={rotate.isPending} onPress={() => { rotate.mutate({ id, graceSeconds: HOUR }, { onSuccess: (key) => { close(); onMade(key) } }) }}>Make the new key</Button>
          <Button onPress={close}>Leave it</Button>
        </div>
      </Sheet>
      <Sheet isOpen={asking === 'revoke'} title={`Revoke ${name}?`} onClose={close}>
        <p className='soft'>Whoever uses it is refused within seconds. This cannot be taken back.</p>
        {revoke.error !== null && <ProblemNote error={revoke.error} />}
        <div className='actions'>
          <Button kind='primary' isPending={revoke.isPending} onPress={() => { revoke.mutate(id, { onSuccess: close }) }}>Revoke the key</Button>
          <Button onPress={close}>Leave it</Button>
        </div>
      </Sheet>
    </div>
  )
}
