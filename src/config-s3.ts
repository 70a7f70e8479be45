/** The part of the configuration that names an S3-compatible store: its variables, checked, and the way back. */
import type { Environment } from './config.ts'

export interface S3Settings {
  readonly bucket: string
  readonly region: string
  /** Address of a store that is not Amazon's; buckets are then the first step of the path. */
  readonly endpoint?: string
  /** What all keys begin with: empty, or ending with a slash. */
  readonly prefix: string
  /** Absent: found as Amazon's SDK finds them (environment, files, roles of the machine). */
  readonly credentials?: { readonly accessKeyId: string, readonly secretAccessKey: string }
}

/** Source: Amazon S3 User Guide, general purpose bucket naming rules. */
const BUCKET = /^(?!xn--)(?!.*\.\.)(?!\d+\.\d+\.\d+\.\d+$)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/
const REGION = /^[a-z0-9-]{1,64}$/
/** Characters that are safe in keys with every store, without empty or relative steps. */
const PREFIX = /^(?!.*(?:^|\/)\.{0,2}\/)[\w!.*'()/-]{1,512}$/

/** Reads the variables; `text` gives one, or undefined when it is empty. What is wrong is added to `problems`, without secrets. */
export function readS3Settings (text: (name: string) => string | undefined, problems: string[]): S3Settings | undefined {
  const before = problems.length
  const [bucket, endpoint, accessKeyId, secretAccessKey] = ['BUCKET', 'ENDPOINT', 'ACCESS_KEY_ID', 'SECRET_ACCESS_KEY'].map((name) => text(`ESPALIER_S3_${name}`))
  const region = text('ESPALIER_S3_REGION') ?? 'us-east-1'
  const given = text('ESPALIER_S3_PREFIX')
  const prefix = given === undefined ? '' : given.endsWith('/') ? given : `${given}/`
  if (bucket === undefined) problems.push('ESPALIER_S3_BUCKET is missing; with ESPALIER_BLOBS=s3 it must name the bucket that files are kept in')
  else if (!BUCKET.test(bucket)) problems.push(`ESPALIER_S3_BUCKET is "${bucket}"; it must be 3 to 63 lower-case letters, digits, dots and dashes, begin and end with a letter or digit, and not look like an IP address`)
  if (endpoint !== undefined && !isEndpoint(endpoint)) problems.push('ESPALIER_S3_ENDPOINT is not an address of the form https://host:port, without a user, a query or a fragment')
  if (!REGION.test(region)) problems.push(`ESPALIER_S3_REGION is "${region}"; it must be lower-case letters, digits and dashes, such as eu-central-1`)
  if (prefix !== '' && !PREFIX.test(prefix)) problems.push(`ESPALIER_S3_PREFIX is "${prefix}"; it must be a path such as team/espalier, of letters, digits and ! - _ . * ' ( )`)
  if ((accessKeyId === undefined) !== (secretAccessKey === undefined)) {
    problems.push(`ESPALIER_S3_${accessKeyId === undefined ? 'ACCESS_KEY_ID' : 'SECRET_ACCESS_KEY'} is missing; set both keys, or neither to use those that the machine has`)
  }
  if (bucket === undefined || problems.length > before) return undefined
  return {
    bucket, region, prefix,
    ...(endpoint !== undefined && { endpoint }),
    ...(accessKeyId !== undefined && secretAccessKey !== undefined && { credentials: { accessKeyId, secretAccessKey } }),
  }
}

function isEndpoint (value: string): boolean {
  if (!URL.canParse(value)) return false
  const { protocol, username, password, search, hash } = new URL(value)
  return (protocol === 'http:' || protocol === 'https:') && username === '' && password === '' && search === '' && hash === ''
}

/** The variables that make `readS3Settings` give these settings. */
export function environmentOfS3 (settings: S3Settings | undefined): Environment {
  if (settings === undefined) return {}
  const { bucket, endpoint, region, prefix, credentials } = settings
  return {
    ESPALIER_S3_BUCKET: bucket,
    ESPALIER_S3_ENDPOINT: endpoint,
    ESPALIER_S3_REGION: region,
    ESPALIER_S3_PREFIX: prefix === '' ? undefined : prefix,
    ESPALIER_S3_ACCESS_KEY_ID: credentials?.accessKeyId,
    ESPALIER_S3_SECRET_ACCESS_KEY: credentials?.secretAccessKey,
  }
}
