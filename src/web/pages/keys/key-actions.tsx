/** What can be done to a key: put another in its place, or end it; both ask first. */
import { useState } from 'react'
import { useRevokeKey, useRotateKey, type ApiKey, type NewApiKey } from '../../api/keys.ts'
import { Button } from '../../components/button.tsx'
import { Confirm } from '../../components/confirm.tsx'

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
      <Confirm isOpen={asking === 'rotate'} title={`Rotate ${name}?`} yes='Make the new key' isPending={rotate.isPending} error={rotate.error} onYes={() => { rotate.mutate({ id, graceSeconds: HOUR }, { onSuccess: (key) => { close(); onMade(key) } }) }} onClose={close}>
        A new key with the same name and scopes takes its place. The old one is still taken for an hour, so that nothing stands still meanwhile.
      </Confirm>
      <Confirm isOpen={asking === 'revoke'} title={`Revoke ${name}?`} yes='Revoke the key' isPending={revoke.isPending} error={revoke.error} onYes={() => { revoke.mutate(id, { onSuccess: close }) }} onClose={close}>
        Whoever uses it is refused within seconds. This cannot be taken back.
      </Confirm>
    </div>
  )
}
