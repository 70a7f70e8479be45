/** What no line of a log may hold, in one place. */

/** Headers whose values are secrets. */
const HEADERS = ['authorization', 'proxy-authorization', 'x-api-key', 'cookie', 'set-cookie', 'x-csrf-token', 'x-amz-security-token']

/** Fields of that name are left out of a line wherever they stand, whoever logs them. */
export const SECRET_FIELDS = [...HEADERS, 'password', 'passwd', 'secret', 'token', 'apiKey', 'api_key', 'accessKeyId', 'secretAccessKey', 'sessionToken', 'databaseUrl', 'redisUrl', 'headers', 'body', 'recipe'] as const
const FIELDS = new Set(SECRET_FIELDS.map((name) => name.toLowerCase()))

/** Parameters of a query that hold no secret. The values of all others, signatures for one, are not told. */
const PARAMETERS = new Set(['limit', 'cursor', 'state', 'wait', 'format', 'series', 'after', 'model', 'compress'])

export const REDACTED = '[redacted]'

/** A shorter text may be a part of words, which would go with it. */
const LEAST_SECRET = 12

const URL_PASSWORD = /([a-z][a-z0-9+.-]*:\/\/)[^\s/@"'\\]*:[^\s/@"'\\]*@/gi
const CREDENTIALS = /\b(Bearer|Basic)\s+[\w.~+/=-]{8,}/gi
const SIGNATURES = /([?&][^=&\s"']*(?:signature|token|secret|key|credential|password|sig)[^=&\s"']*=)[^&\s"'\\]+/gi

export function isSecretField (name: string): boolean {
  return FIELDS.has(name.toLowerCase())
}

/** JavaScript's own message repeats what it could not read. */
const JSON_SNIPPET = /(Unexpected |Bad |Expected |Unterminated )(?:(?! is not valid JSON).){0,300} is not valid JSON/g

/** The address of a request with the values of unknown parameters left out. */
export function safeUrl (url: string): string {
  const [path = '/', query] = url.split(/\?(.*)/s)
  if (query === undefined) return path
  return `${path}?${query.split('&').map((pair) => {
    const name = pair.split('=', 1)[0] ?? ''
    return PARAMETERS.has(name) ? pair : `${name.slice(0, 40)}=${REDACTED}`
  }).join('&')}`
}

/** The passwords within addresses. A user's name alone is no secret. */
export function passwordsOf (...addresses: ReadonlyArray<string | undefined>): string[] {
  return addresses.flatMap((address) => {
    if (address === undefined || !URL.canParse(address)) return []
    const { password } = new URL(address)
    return password === '' ? [] : [password, decodedOr(password)]
  })
}

function decodedOr (text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** Takes secrets out of a text: those that are known, and what looks like one. */
export function scrubber (secrets: ReadonlyArray<string | undefined>): (text: string) => string {
  const known = [...new Set(secrets.filter((secret): secret is string => secret !== undefined && secret.length >= LEAST_SECRET).flatMap((secret) => [secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret)]))]
    .sort((a, b) => b.length - a.length)
  return (text) => {
    let clean = text
    for (const secret of known) if (clean.includes(secret)) clean = clean.replaceAll(secret, REDACTED)
    return clean.replace(URL_PASSWORD, `$1${REDACTED}@`).replace(CREDENTIALS, `$1 ${REDACTED}`).replace(SIGNATURES, `$1${REDACTED}`).replace(JSON_SNIPPET, '$1text is not valid JSON')
  }
}
