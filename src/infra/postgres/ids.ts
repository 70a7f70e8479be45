/** Ids that sort by the time they were made: a prefix, 9 characters of time, 11 random ones. */

/** Crockford's base 32 in lower case: no i, l, o, u, so that an id can be read out. */
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz'
const TIME_CHARACTERS = 9
const RANDOM_CHARACTERS = 11

export type IdPrefix = 'mdl' | 'dst' | 'job' | 'tnt' | 'key' | 'swp' | 'whk' | 'dlv' | 'upl' | 'wrk'

/** A new id such as `job_01k9xq3v2h4r8ty6mz0p`; 55 random bits within each millisecond. Holds no colon and no dash. */
export function newId (prefix: IdPrefix, now: number = Date.now()): string {
  let time = ''
  for (let rest = now, i = 0; i < TIME_CHARACTERS; i++, rest = Math.floor(rest / 32)) time = ALPHABET[rest % 32] + time
  const random = Array.from(crypto.getRandomValues(new Uint8Array(RANDOM_CHARACTERS)), (byte) => ALPHABET[byte % 32]).join('')
  return `${prefix}_${time}${random}`
}
