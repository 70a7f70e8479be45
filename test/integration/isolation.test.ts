/** Nothing of one tenant is seen by another: every operation of the OpenAPI document, asked with another tenant's real ids. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { InjectOptions } from 'fastify'
import { openHarness, type Harness } from './http-harness.ts'
import { BESIDES, BODIES, EXEMPT, fakeOf, makeWorld, MAKERS, NAMING, type World } from './isolation-world.ts'

interface Parameter { readonly name: string, readonly in: string }
interface Operation {
  readonly operationId: string
  readonly security?: ReadonlyArray<Readonly<Record<string, readonly string[]>>>
  readonly parameters?: readonly Parameter[]
  readonly responses?: Readonly<Record<string, { readonly content?: Readonly<Record<string, unknown>> }>>
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: { readonly properties?: Readonly<Record<string, unknown>> } }>> }
}
/** The first messages of a stream are there by then. */
const STREAM_MS = 400

const CODES_OF_HEAD: Readonly<Record<number, string>> = { 403: 'forbidden', 404: 'not-found' }

interface Route extends Operation { readonly path: string, readonly method: string }

/** A parameter of a path with what stands before it: `models/{id}`, `artifacts/{name}`. */
function kindsOf (path: string): string[] {
  return [...path.matchAll(/([^/{}]+)\/\{([^}]+)\}/g)].map(([, before, name]) => `${before}/{${name}}`)
}

describe('isolation of tenants', () => {
  let harness: Harness
  let world: World
  let routes: Route[]
  before(async () => {
    harness = await openHarness({ requireKey: true })
    world = await makeWorld(harness)
    const { paths } = (await harness.app.inject('/openapi.json')).json() as { paths: Record<string, Record<string, Operation>> }
    routes = Object.entries(paths).flatMap(([path, operations]) => Object.entries(operations).map(([method, operation]) => ({ ...operation, path, method: method.toUpperCase() })))
  })
  after(async () => await harness.close())

  /** A stream may have no end: what comes at once. */
  const beginningOf = async (asked: InjectOptions): Promise<{ statusCode: number, headers: Readonly<Record<string, unknown>>, body: string, json<T> (): T }> => {
    const answer = await harness.app.inject({ ...asked, payloadAsStream: true })
    const stream = answer.stream().setEncoding('utf8')
    let body = ''
    stream.on('data', (piece: string) => { body += piece }).on('error', () => {})
    await Promise.race([once(stream, 'end'), sleep(STREAM_MS)])
    stream.destroy()
    return { statusCode: answer.statusCode, headers: answer.headers, body, json: <T>() => JSON.parse(body) as T }
  }
  /** With what a browser of that tenant sends instead of a key. */
  const shownBy = async (key: string): Promise<Record<string, string>> => {
    const answer = await harness.app.inject({ method: 'POST', url: '/v1/session', payload: { key } })
    return { cookie: String(answer.headers['set-cookie']).split(';')[0]!, 'x-csrf-token': answer.json<{ csrfToken: string }>().csrfToken }
  }
  const ask = async (key: string | Record<string, string>, { method, path, responses, operationId }: Route, idOf: (kind: string) => string, payload?: object) => {
    const url = path.replace(/([^/{}]+)\/\{([^}]+)\}/g, (_, before: string, name: string) => `${before}/${encodeURIComponent(idOf(`${before}/{${name}}`))}`)
    const body = payload ?? BODIES[operationId] ?? (['GET', 'HEAD', 'DELETE'].includes(method) ? undefined : {})
    const asked = { method: method as 'GET', url, headers: typeof key === 'string' ? { authorization: `Bearer ${key}` } : key, ...(body !== undefined && { payload: body }) }
    const answer = Object.hasOwn(responses?.['200']?.content ?? {}, 'text/event-stream') ? await beginningOf(asked) : await harness.app.inject(asked)
    const isProblem = String(answer.headers['content-type']).includes('problem')
    // An answer to HEAD has no body, only the headers of one.
    const code = !isProblem ? null : method === 'HEAD' ? CODES_OF_HEAD[answer.statusCode] : answer.json<{ code: string }>().code
    return { status: answer.statusCode, code, text: answer.body, type: answer.headers['content-type'] }
  }
  /** Without what differs by itself: the ids asked for and the id of the request. */
  const bare = (text: string, ids: readonly string[]): string => ids.reduce((rest, id) => rest.replaceAll(id, 'ID').replaceAll(encodeURIComponent(id), 'ID'), text.replace(/"requestId":"[^"]+"/, ''))

  test('every operation says what it needs', () => {
    for (const { security, operationId } of routes) assert.ok(Array.isArray(security), `${operationId} has no security in its schema: add security: needs(...), or [] where everybody may ask`)
    const open = routes.filter(({ security }) => security!.length === 0).map(({ path }) => path)
    assert.deepEqual(open.sort(), ['/healthz', '/readyz'])
  })

  test('every parameter of a path is known here', () => {
    const unknown = new Set(routes.flatMap(({ path }) => kindsOf(path)).filter((kind) => !Object.hasOwn(MAKERS, kind)))
    assert.deepEqual([...unknown], [], `add a maker for ${[...unknown].join(', ')} to MAKERS in test/integration/isolation-world.ts`)
    assert.ok(routes.filter(({ path }) => path.includes('{')).length >= 20)
  })

  // Before the others, since the record of a tenant tells what it asked for.
  test('lists, tables and figures have nothing of the other tenant', async () => {
    const secrets = [...Object.values(world.theirs), ...world.words]
    const session = await shownBy(world.mine.key)
    let lists = 0
    for (const route of routes.filter(({ path, method }) => method === 'GET' && !path.includes('{') && path.startsWith('/v1/'))) {
      const answer = await ask(world.mine.key, route, () => '')
      assert.ok(answer.status === 200 || answer.code === 'forbidden', `${route.operationId}: ${answer.status}`)
      assert.equal((await ask(session, route, () => '')).status, answer.status, route.operationId)
      for (const secret of secrets) assert.ok(!answer.text.includes(secret), `${route.operationId} tells ${secret}`)
      if (answer.text.includes('"items"')) lists++
    }
    assert.ok(lists >= 5, `${lists} lists`)
  })

  test('what belongs to another tenant is answered like what is not there, to the byte', async () => {
    const session = await shownBy(world.mine.key)
    for (const [route, key] of routes.filter(({ path }) => path.includes('{')).flatMap((one) => [[one, world.mine.key], [one, session]] as const)) {
      const real = kindsOf(route.path).map((kind) => world.theirs[kind]!)
      const fake = real.map(fakeOf)
      const [theirs, nothing] = [await ask(key, route, (kind) => world.theirs[kind]!), await ask(key, route, (kind) => fakeOf(world.theirs[kind]!))]
      const operator = route.security!.some((scheme) => scheme['apiKey']?.includes('operator'))
      assert.equal(theirs.status, operator ? 403 : 404, `${route.operationId}: ${theirs.text}`)
      assert.equal(theirs.code, operator ? 'forbidden' : 'not-found', route.operationId)
      assert.equal(theirs.type, nothing.type)
      assert.equal(bare(theirs.text, real), bare(nothing.text, fake), route.operationId)
    }
  })

  test('a thing of its own beside one of the other tenant is not found either', async () => {
    for (const route of routes.filter(({ path }) => kindsOf(path).length > 1)) {
      const [first, ...rest] = kindsOf(route.path)
      const answer = await ask(world.mine.key, route, (kind) => kind === first ? world.theirs[kind]! : world.mine.ids[kind]!)
      assert.equal(answer.status, 404, route.operationId)
      assert.ok(rest.length > 0)
    }
  })

  test('the owner is answered: the ids were real ones', async () => {
    for (const route of routes.filter(({ path, method }) => path.includes('{') && method === 'GET')) {
      const answer = await ask(world.owner, route, (kind) => world.theirs[kind]!)
      assert.ok(answer.status < 300 || EXEMPT.has(route.operationId), `${route.operationId}: ${answer.status} ${answer.text}`)
    }
  })

  test('ids of the other tenant in bodies are not there', async () => {
    const named = new Set<string>()
    for (const route of routes) {
      for (const [field, kind] of Object.entries(NAMING)) {
        const properties = route.requestBody?.content['application/json']?.schema.properties ?? {}
        if (!Object.hasOwn(properties, field)) continue
        named.add(`${route.operationId} ${field}`)
        const own = BESIDES[route.operationId]?.(world.mine.body) ?? world.mine.body
        const body = (id: string) => ({ ...own, [field]: id })
        const [theirs, nothing] = [await ask(world.mine.key, route, () => '', body(world.theirs[kind]!)), await ask(world.mine.key, route, () => '', body(fakeOf(world.theirs[kind]!)))]
        assert.equal(theirs.status, 404, `${route.operationId} ${field}: ${theirs.text}`)
        assert.equal(bare(theirs.text, [world.theirs[kind]!]), bare(nothing.text, [fakeOf(world.theirs[kind]!)]))
      }
    }
    for (const one of ['createJob model', 'createJob dataset', 'createJob evaluationDataset', 'createPlan model', 'createPlan dataset', 'createModel upload', 'createDataset upload']) assert.ok(named.has(one), one)
  })

  test('all of it is as it was', async () => {
    for (const route of routes.filter(({ operationId }) => /^get(Model|Dataset|Job|Key|Tenant)$/.test(operationId))) {
      const { status, text } = await ask(world.owner, route, (kind) => world.theirs[kind]!)
      assert.equal(status, 200, route.operationId)
      assert.ok(!/"revokedAt":"|"state":"(?!succeeded)/.test(text), text)
    }
  })
})
