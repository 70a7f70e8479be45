/** Secrets in the Catalog: sealed before they are stored, by processes that all have the same key. */
import { EspalierError } from '../../errors.ts'
import type { StoredAnswer } from '../../jobs/ports.ts'
import { createSecretBox, sealedWith, type SecretBox } from '../secrets/box.ts'
import { Prisma, type PrismaClient } from './generated/client.ts'

/** The row that says which key is written with. */
const KEY_NAME = 'key of secrets'

export interface Secrets {
  /** A box whose keys are those of the other processes on this database. @throws `invalid-configuration` when they are not, or there are none, `unavailable` */
  box (): Promise<SecretBox>
}

export const webhookContext = (id: string): string => `webhook ${id}`
export const answerContext = (scope: string, key: string): string => `answer ${scope} ${key}`

/** `keys` absent: this process has to do with no secrets. */
export function secretsOn (prisma: PrismaClient, keys: readonly string[] | undefined): Secrets {
  const box = keys && createSecretBox(keys)
  let agreed: Promise<SecretBox> | undefined
  return {
    async box () {
      if (box === undefined) throw new EspalierError('invalid-configuration', 'this process was given no key for secrets; the API is: set ESPALIER_SECRET_KEY')
      agreed ??= agree(prisma, box).then(() => box)
      // Asked again, as what was in the way may be over.
      return await agreed.catch((thrown: unknown) => {
        agreed = undefined
        throw thrown
      })
    },
  }
}

/** The first process says which key it is; others must have it, and one that writes with another of theirs says so. */
async function agree (prisma: PrismaClient, { keyIds }: SecretBox): Promise<void> {
  const first = keyIds[0]!
  await prisma.secret.createMany({ data: [{ name: KEY_NAME, value: Buffer.from(first, 'hex') }], skipDuplicates: true })
  const { value } = await prisma.secret.findUniqueOrThrow({ where: { name: KEY_NAME } })
  const used = Buffer.from(value).toString('hex')
  if (!keyIds.includes(used)) {
    throw new EspalierError('invalid-configuration', `the secrets in the database are encrypted with the key ${used}, and this process has ${keyIds.join(', ')}: set ESPALIER_SECRET_KEY to the same for all API processes, on every machine. ` +
      'Without the variable each ESPALIER_HOME has a key of its own, in secret.key. To change keys, put the new one before the former one in the list; see docs/security.md', { used, keys: keyIds })
  }
  if (used !== first) await prisma.secret.updateMany({ where: { name: KEY_NAME, value }, data: { value: Buffer.from(first, 'hex') } })
}

interface HookRow { readonly id: string, readonly secret: string, readonly previous: string | null }
interface AnswerRow { readonly scope: string, readonly key: string, readonly answer: StoredAnswer }

/** Brings what is stored under the first key, whether another key or none was used before. What cannot be read stays as it is and is counted. */
export async function resealAll (prisma: PrismaClient, box: SecretBox): Promise<{ sealed: number, unreadable: number }> {
  const count = { sealed: 0, unreadable: 0 }
  const current = `v1.${box.keyIds[0]!}.%`
  const reseal = async (stored: string, context: string, write: (sealed: string) => Promise<number>): Promise<void> => {
    if (sealedWith(stored) === box.keyIds[0]) return
    let text: string
    try {
      text = box.open(stored, context)
    } catch {
      count.unreadable++
      return
    }
    // Nothing is written where somebody else has changed it meanwhile.
    count.sealed += await write(box.seal(text, context))
  }
  const hooks = await prisma.$queryRaw<HookRow[]>`SELECT id, secret, previous_secret AS previous FROM webhooks WHERE secret NOT LIKE ${current} OR previous_secret NOT LIKE ${current}`
  for (const { id, secret, previous } of hooks) {
    for (const [column, stored] of [['secret', secret], ['previous_secret', previous]] as const) {
      if (stored === null) continue
      await reseal(stored, webhookContext(id), async (sealed) => await prisma.$executeRaw`UPDATE webhooks SET ${Prisma.raw(column)} = ${sealed} WHERE id = ${id} AND ${Prisma.raw(column)} = ${stored}`)
    }
  }
  // Answers of a version that stored them as they were; they are gone after a day.
  const answers = await prisma.$queryRaw<AnswerRow[]>`SELECT scope, key, answer FROM idempotency_keys WHERE scope LIKE '% POST /v1/webhooks%' AND answer->>'body' LIKE '%whsec\\_%'`
  for (const { scope, key, answer } of answers) {
    await reseal(answer.body, answerContext(scope, key), async (body) => await prisma.$executeRaw`
      UPDATE idempotency_keys SET answer = ${JSON.stringify({ ...answer, body, secret: true })}::json WHERE scope = ${scope} AND key = ${key} AND answer->>'body' = ${answer.body}`)
  }
  return count
}
