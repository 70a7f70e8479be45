/** The state of a job: a word, a drawing and a colour. */
import type { JobState } from '../api/types.ts'
import { STATE_WORDS } from '../format/words.ts'
import { Icon, type IconName } from './icon.tsx'

const LOOKS = {
  queued: ['idle', 'clock'],
  running: ['busy', 'play'],
  pausing: ['warn', 'pause'],
  paused: ['warn', 'pause'],
  cancelling: ['idle', 'stop'],
  succeeded: ['good', 'check'],
  failed: ['bad', 'cross'],
  cancelled: ['idle', 'stop'],
} as const satisfies Record<JobState, readonly [string, IconName]>

export function StateBadge ({ state }: { readonly state: JobState }) {
  const [kind, icon] = LOOKS[state]
  return <span className={`badge ${kind}`}><Icon name={icon} />{STATE_WORDS[state]}</span>
}
