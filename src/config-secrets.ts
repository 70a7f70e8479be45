/** The part of the configuration that has the keys under which secrets are stored. */

/** A key is random: `openssl rand -base64 32` makes one of 44 characters. */
export const LEAST_CHARACTERS = 32

/** The keys, the one that is written with first; undefined without any. What is wrong is added to `problems`, and no key is repeated. */
export function readSecretKeys (name: string, value: string | undefined, problems: string[]): readonly string[] | undefined {
  if (value === undefined) return undefined
  const keys = value.split(',').map((key) => key.trim())
  keys.forEach((key, index) => {
    if (key.length < LEAST_CHARACTERS) problems.push(`${name}: key ${index + 1} of ${keys.length} has ${key.length} characters; it must have at least ${LEAST_CHARACTERS}, such as openssl rand -base64 32 makes, with commas between keys`)
  })
  if (new Set(keys).size < keys.length) problems.push(`${name} has a key twice`)
  return keys
}
