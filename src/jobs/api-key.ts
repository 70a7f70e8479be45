/** Keys of the API: made, hashed, told apart. A key is told once; what is kept of it is its hash. */
import { createHash, randomBytes } from 'node:crypto'

const SECRET_BYTES = 32
const HINT_LETTERS = 4

/** `esp_`, the id of its row without `key_`, so that a key which was found somewhere can be revoked, and 256 random bits. */
export function makeKey (id: string): { key: string, hash: string, hint: string } {
  const key = `esp_${id.replace(/^key_/, '')}_${randomBytes(SECRET_BYTES).toString('base64url')}`
  return { key, hash: hashOfKey(key), hint: key.slice(-HINT_LETTERS) }
}

/** sha256 in hex. A key has 256 random bits: nothing slower is needed. */
export function hashOfKey (key: string): string {
  return createHash('sha256').update(key).digest('hex')
}
