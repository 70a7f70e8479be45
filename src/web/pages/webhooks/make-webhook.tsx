/** Makes a webhook: an address, what it is told of, what it is for. */
import { useState } from 'react'
import { useMakeWebhook, type WebhookEvent, type WebhookWithSecret } from '../../api/webhooks.ts'
import { Button } from '../../components/button.tsx'
import { Checkbox } from '../../components/checkbox.tsx'
import { ProblemNote } from '../../components/problem-note.tsx'
import { Sheet } from '../../components/sheet.tsx'
import { TextField } from '../../components/text-field.tsx'
import { EVENTS, eventWords } from './words.ts'

const FIRST: readonly WebhookEvent[] = ['job.succeeded', 'job.failed']

export function MakeWebhook ({ onMade }: { readonly onMade: (webhook: WebhookWithSecret) => void }) {
  const [isOpen, setOpen] = useState(false)
  const [url, setUrl] = useState('')
  const [description, setDescription] = useState('')
  const [events, setEvents] = useState(FIRST)
  const make = useMakeWebhook()
  const close = (): void => {
    setOpen(false)
    make.reset()
  }
  const submit = (): void => {
    make.mutate({ url: url.trim(), description: description.trim(), events: EVENTS.filter((event) => events.includes(event)) }, { onSuccess: (webhook) => { close(); setUrl(''); onMade(webhook) } })
  }
  return (
    <>
      <Button kind='primary' icon='plus' onPress={() => { setOpen(true) }}>New webhook</Button>
      <Sheet isOpen={isOpen} title='A new webhook' onClose={close}>
        <form onSubmit={(event) => { event.preventDefault(); submit() }}>
          <TextField label='Address' value={url} onChange={setUrl} hint='http or https, public unless the operator allows more' />
          <TextField label='What it is for' value={description} onChange={setDescription} />
          <fieldset className='choices'>
            <legend>It is told of jobs that are</legend>
            {EVENTS.map((event) => <Checkbox key={event} isSelected={events.includes(event)} onChange={(on) => { setEvents(on ? [...events, event] : events.filter((one) => one !== event)) }}>{eventWords(event)}</Checkbox>)}
          </fieldset>
          {make.error !== null && <ProblemNote error={make.error} />}
          <div className='actions'>
            <Button kind='primary' type='submit' isDisabled={url.trim() === '' || events.length === 0} isPending={make.isPending}>Make the webhook</Button>
            <Button onPress={close}>Not now</Button>
          </div>
        </form>
      </Sheet>
    </>
  )
}
