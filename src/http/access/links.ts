/** Signed links: an address that opens one artifact for minutes, without a key, for as long as the key that made it is valid. */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import { Type, type Static } from 'typebox'
import { artifactUrl } from '../../jobs/use-cases/job-view.ts'
import type { Tenants } from '../../jobs/tenant-ports.ts'
import { ENVIRONMENT, firstTenant, KEYLESS, type Principal } from '../principal.ts'

const LIFE_SECONDS = 300
const SECRET = 'links'

/** What stands behind the `?` of a link. */
export const LinkQuery = Type.Object({
  by: Type.Optional(Type.String({ maxLength: 100, description: 'whose link it is' })),
  expires: Type.Optional(Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER, description: 'seconds since 1970' })),
  signature: Type.Optional(Type.String({ maxLength: 100 })),
}, { additionalProperties: false })

export interface Links {
  make (principal: Principal, jobId: string, name: string): Promise<{ url: string, expiresAt: string }>
  /** Undefined for a request without a signature, null for one whose signature opens nothing (any more). */
  principalOf (request: FastifyRequest): Promise<Principal | null | undefined>
}

export interface LinkOptions {
  readonly catalog: Pick<Tenants, 'secret' | 'keyOwner'>
  readonly apiKey: string | undefined
  readonly keyless: boolean
}

export function createLinks ({ catalog, apiKey, keyless }: LinkOptions, now: () => number = Date.now): Links {
  let secret: Promise<Uint8Array> | undefined

  async function sign (by: string, jobId: string, name: string, expires: number): Promise<Buffer> {
    secret ??= catalog.secret(SECRET)
    const key = await secret.catch((thrown: unknown) => {
      secret = undefined
      throw thrown
    })
    // With another ESPALIER_API_KEY the links of the last one end.
    const bound = by === ENVIRONMENT ? createHash('sha256').update(apiKey ?? '').digest('hex') : ''
    return createHmac('sha256', key).update(JSON.stringify(['artifact', by, bound, jobId, name, expires])).digest()
  }

  /** In whose name a link opens: it can read, and nothing else. */
  async function maker (by: string): Promise<Principal | null> {
    if (by === ENVIRONMENT || by === KEYLESS) return (by === ENVIRONMENT ? apiKey !== undefined : keyless) ? { ...firstTenant(by), scopes: ['read'] } : null
    const owner = await catalog.keyOwner({ id: by })
    return owner?.valid === true && owner.scopes.includes('read') ? { tenant: owner.tenantId, key: owner.id, actor: owner.id, scopes: ['read'] } : null
  }

  return {
    async make ({ actor }, jobId, name) {
      const expires = Math.floor(now() / 1000) + LIFE_SECONDS
      const signature = (await sign(actor, jobId, name, expires)).toString('base64url')
      return { url: `${artifactUrl(jobId, name)}?${new URLSearchParams({ by: actor, expires: String(expires), signature }).toString()}`, expiresAt: new Date(expires * 1000).toISOString() }
    },

    async principalOf (request) {
      const { by, expires, signature } = request.query as Readonly<Record<keyof Static<typeof LinkQuery>, unknown>>
      if (signature === undefined) return undefined
      const { id, name } = request.params as { readonly id: string, readonly name: string }
      if (typeof by !== 'string' || typeof signature !== 'string' || !/^\d{1,15}$/.test(String(expires))) return null
      const wanted = await sign(by, id, name, Number(expires))
      const given = Buffer.from(signature, 'base64url')
      if (given.length !== wanted.length || !timingSafeEqual(given, wanted) || Number(expires) * 1000 <= now()) return null
      return await maker(by)
    },
  }
}
