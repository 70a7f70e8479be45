/** Signatures of what is sent, by the Standard Webhooks specification (https://www.standardwebhooks.com), version v1: HMAC-SHA256. */
import { createHmac, randomBytes } from 'node:crypto'

const PREFIX = 'whsec_'
/** The specification asks for 24 to 64. */
const SECRET_BYTES = 32

/** A new secret: `whsec_` and base64. */
export function newSecret (): string {
  return PREFIX + randomBytes(SECRET_BYTES).toString('base64')
}

/** The header webhook-signature: one signature for each secret, so that a receiver may have any of them. `timestamp` in seconds since 1970. */
export function signatureOf (secrets: readonly string[], { id, timestamp, body }: { readonly id: string, readonly timestamp: number, readonly body: string }): string {
  return secrets.map((secret) => {
    const key = Buffer.from(secret.slice(PREFIX.length), 'base64')
    return `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`
  }).join(' ')
}
