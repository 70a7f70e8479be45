/** Encrypts secrets that are stored: AES-256-GCM, under one of several keys, bound to what the secret is of. */
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'
import { EspalierError } from '../../errors.ts'

export interface SecretBox {
  /** Tells keys apart and says nothing of them; the first is the one that is sealed with. */
  readonly keyIds: readonly string[]
  /** `context` names what the secret is of: sealed for one thing it cannot be passed off as that of another. */
  seal (text: string, context: string): string
  /** A text that is not sealed is given as it is: it was stored by an earlier version. @throws `invalid-configuration` when none of the keys opens it */
  open (stored: string, context: string): string
}

/** version, id of the key, and in base64url: nonce, ciphertext, tag. */
const SEALED = /^v1\.([0-9a-f]{8})\.([\w-]{38,})$/
const CIPHER = 'aes-256-gcm'
const [KEY_BYTES, ID_BYTES, NONCE_BYTES, TAG_BYTES] = [32, 4, 12, 16]

interface Key { readonly id: string, readonly key: Buffer }

/** HKDF (RFC 5869) of a text that is random: keys of any form, and an id that cannot be turned back. */
function keyOf (text: string): Key {
  const derived = (purpose: string, bytes: number): Buffer => Buffer.from(hkdfSync('sha256', text, '', `espalier ${purpose}`, bytes))
  return { id: derived('id of a key of secrets', ID_BYTES).toString('hex'), key: derived('key of secrets', KEY_BYTES) }
}

/** The id of the key that a text is sealed with; undefined when it is not sealed. */
export function sealedWith (stored: string): string | undefined {
  return SEALED.exec(stored)?.[1]
}

/** `texts`: the key to write with first, then those that are still read with. */
export function createSecretBox (texts: readonly string[]): SecretBox {
  const keys = texts.map(keyOf)
  const [first] = keys
  if (first === undefined) throw new EspalierError('invalid-configuration', 'a key is needed to store secrets with')
  return {
    keyIds: keys.map(({ id }) => id),

    seal (text, context) {
      const nonce = randomBytes(NONCE_BYTES)
      const cipher = createCipheriv(CIPHER, first.key, nonce).setAAD(Buffer.from(context))
      const bytes = Buffer.concat([nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()])
      return `v1.${first.id}.${bytes.toString('base64url')}`
    },

    open (stored, context) {
      const [, id, content] = SEALED.exec(stored) ?? []
      if (id === undefined || content === undefined) return stored
      const key = keys.find((known) => known.id === id)
      if (key === undefined) throw new EspalierError('invalid-configuration', `the secret of ${context} is encrypted with the key ${id}, which ESPALIER_SECRET_KEY does not have; there are ${keys.map((known) => known.id).join(', ')}`, { key: id })
      const bytes = Buffer.from(content, 'base64url')
      const decipher = createDecipheriv(CIPHER, key.key, bytes.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES }).setAAD(Buffer.from(context)).setAuthTag(bytes.subarray(-TAG_BYTES))
      try {
        return Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()]).toString('utf8')
      } catch (cause) {
        throw new EspalierError('invalid-configuration', `the secret of ${context} was changed where it is stored, or is that of something else`, { key: id }, { cause })
      }
    },
  }
}
