/** Says whether what is shown follows what happens. */
import type { StreamState } from '../../api/event-stream.ts'

const WORDS = { connecting: 'Connecting', open: 'Live', waiting: 'Connection lost, trying again', ended: 'Not live' } as const satisfies Record<StreamState, string>

export function LiveSign ({ state }: { readonly state: StreamState }) {
  return <span className={`live-sign ${state}`} role='status'>{WORDS[state]}</span>
}
