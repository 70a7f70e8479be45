/** A delivery as it is sent: headers and body. */
import type { ClaimedDelivery, EventData, JobSnapshot, Message } from './ports.ts'
import { signatureOf } from './signature.ts'

/** Of the message of an error; the whole is at the job. */
const ERROR_CHARACTERS = 2000

/** The same body at every try; the time and so the signature are those of this one. `now` in milliseconds since 1970. */
export function messageOf ({ id, secrets, type, data }: Pick<ClaimedDelivery, 'id' | 'secrets' | 'type' | 'data'>, now: number, version: string): Message {
  const body = JSON.stringify({ type, timestamp: inUtc(data.at), data: told(data) })
  const timestamp = Math.floor(now / 1000)
  return {
    body,
    headers: {
      'content-type': 'application/json',
      'user-agent': `Espalier/${version}`,
      'webhook-id': id,
      'webhook-timestamp': String(timestamp),
      'webhook-signature': signatureOf(secrets, { id, timestamp, body }),
    },
  }
}

function told (data: EventData): object {
  return 'job' in data ? { sequence: data.sequence, job: jobTold(data.job) } : { webhook: data.webhook }
}

/** Links are paths: what address the receiver knows the service by is not known here. */
function jobTold ({ error, createdAt, startedAt, finishedAt, ...job }: JobSnapshot): object {
  const self = `/v1/jobs/${job.id}`
  return {
    ...job,
    error: error === null ? null : { code: error.code, message: error.message.slice(0, ERROR_CHARACTERS) },
    createdAt: inUtc(createdAt),
    startedAt: startedAt === null ? null : inUtc(startedAt),
    finishedAt: finishedAt === null ? null : inUtc(finishedAt),
    links: { self, ...(job.state === 'succeeded' && { report: `${self}/report`, layers: `${self}/layers` }) },
  }
}

function inUtc (time: string): string {
  return new Date(time).toISOString()
}
