/** What can be done to a webhook: a message to try it, on and off, another secret, an end; the last two ask first. */
import { useState } from 'react'
import { useDeleteWebhook, usePingWebhook, useRotateSecret, useTurnWebhook, type Webhook } from '../../api/webhooks.ts'
import { Button } from '../../components/button.tsx'
import { Confirm } from '../../components/confirm.tsx'
import { ProblemNote } from '../../components/problem-note.tsx'
import { Sheet } from '../../components/sheet.tsx'

export interface WebhookActionsProps { readonly webhook: Webhook, readonly onSecret: (secret: string) => void, readonly onDeleted: () => void }

export function WebhookActions ({ webhook: { id, active }, onSecret, onDeleted }: WebhookActionsProps) {
  const [asking, setAsking] = useState<'rotate' | 'delete' | null>(null)
  const [ping, turn, rotate, remove] = [usePingWebhook(), useTurnWebhook(), useRotateSecret(), useDeleteWebhook()]
  const error = ping.error ?? turn.error
  const close = (): void => {
    setAsking(null)
    for (const one of [ping, turn, rotate, remove]) one.reset()
  }
  return (
    <>
      <Button icon='play' isDisabled={!active} isPending={ping.isPending} onPress={() => { ping.mutate(id) }}>Send a ping</Button>
      <Button icon={active ? 'pause' : 'play'} isPending={turn.isPending} onPress={() => { turn.mutate({ id, active: !active }) }}>{active ? 'Turn off' : 'Turn on'}</Button>
      <Button icon='retry' onPress={() => { setAsking('rotate') }}>New secret</Button>
      <Button kind='danger' icon='trash' onPress={() => { setAsking('delete') }}>Delete</Button>
      <Sheet isOpen={error !== null} title='That did not work' onClose={close}><ProblemNote error={error} /></Sheet>
      <Confirm isOpen={asking === 'rotate'} title='Give it a new secret?' yes='Make the new secret' isPending={rotate.isPending} error={rotate.error} onYes={() => { rotate.mutate(id, { onSuccess: ({ secret }) => { close(); onSecret(secret) } }) }} onClose={close}>
        For a day messages are signed with the former one as well, so that the receiver may change over at any time.
      </Confirm>
      <Confirm isOpen={asking === 'delete'} title='Delete the webhook?' yes='Delete it' no='Keep it' isPending={remove.isPending} error={remove.error} onYes={() => { remove.mutate(id, { onSuccess: () => { close(); onDeleted() } }) }} onClose={close}>
        Nothing is sent any more, and the list of what was sent goes with it.
      </Confirm>
    </>
  )
}
