/** Everything that stands between a request and a guarded route: who asks, how often, whether it may, and the record of it. */
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Dependencies } from '../dependencies.ts'
import { decoratePrincipal, type Principal } from '../principal.ts'
import { refuseOtherSites } from '../plugins/security.ts'
import { createRecorder, recordChanges, refusalRecorder } from './audit.ts'
import { authenticate, ownerOf, type Access } from './authenticate.ts'
import { createKeyring, type Keyring } from './keyring.ts'
import { createLinks, type Links } from './links.ts'
import { checkNeeds, readNeeds } from './needs.ts'
import { limitRates } from './rate-limit.ts'
import { createSessions, type Sessions } from './sessions.ts'

export interface Guard {
  readonly keyring: Keyring
  readonly links: Links
  readonly sessions: Sessions
  /** Whose a key is that a request shows elsewhere than in its headers. @throws `unauthorized` */
  ownerOf (request: FastifyRequest, key: string): Promise<Principal>
}

/** Guards the routes that are added to this scope from now on. */
export async function guard (app: FastifyInstance, { catalog, apiKey, requireKey = false, rates }: Dependencies): Promise<Guard> {
  const keyless = apiKey === undefined && !requireKey
  const keyring = createKeyring(catalog)
  const links = createLinks({ catalog, apiKey, keyless })
  const sessions = createSessions({ catalog, keyring, apiKey })
  const recorder = createRecorder(catalog, app.log)
  const record = refusalRecorder(recorder)
  app.addHook('onClose', async () => {
    await recorder.close()
    await keyring.settled()
  })

  decoratePrincipal(app)
  readNeeds(app)
  refuseOtherSites(app)
  let countRefusal = async (_request: FastifyRequest): Promise<void> => {}
  const access: Access = {
    apiKey,
    keyless,
    keyring,
    links,
    sessions,
    onRefused: async (request, owner) => {
      record(request, owner)
      await countRefusal(request)
    },
  }
  authenticate(app, access)
  if (rates !== undefined) countRefusal = await limitRates(app, rates)
  checkNeeds(app)
  recordChanges(app, recorder)
  return { keyring, links, sessions, ownerOf: async (request, key) => await ownerOf(request, key, access) }
}
