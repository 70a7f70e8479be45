/** The recipe while it is put together: what fits stays, what does not goes, by the server's own catalogue. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { CATALOGUE } from '../../../src/http/catalogue.ts'
import { parseRecipe } from '../../../src/pruning/recipe.ts'
import type { Catalog, MethodEntry } from '../../../src/web/api/catalog.ts'
import { criteriaFor, firstTarget, FIRST_DRAFT, fitting, granularityOf, looksAtData, methodOf, skippedLayers, targetKindOf, withKey, withMethod, withSkipped, type Draft } from '../../../src/web/pages/new/draft.ts'
import { added, moved, settingsText, stageOfText, stagesOf, withStages } from '../../../src/web/pages/new/stages.ts'

const CATALOG = CATALOGUE as unknown as Catalog
const method = (name: string): MethodEntry => methodOf({ method: name }, CATALOG)!
const names = CATALOG.methods.map(({ name }) => name)

describe('drafts', () => {
  test('the first one is a recipe', () => { assert.equal(parseRecipe(FIRST_DRAFT).method, 'magnitude') })

  test('keys keep their places; what is empty is left out', () => {
    assert.deepEqual(Object.entries(withKey({ a: 1, b: 2 }, 'a', 3)), [['a', 3], ['b', 2]])
    for (const nothing of [undefined, {}, []]) assert.deepEqual(withKey({ a: 1, b: 2 }, 'a', nothing), { b: 2 })
    assert.deepEqual(withKey({ a: 1 }, 'b', 0), { a: 1, b: 0 })
  })

  test('from any method to any other: a recipe that the server reads, with the target where it can stay', () => {
    fc.assert(fc.property(fc.array(fc.constantFrom(...names), { minLength: 1, maxLength: 5 }), (walk) => {
      let draft: Draft = FIRST_DRAFT
      for (const name of walk) {
        const to = method(name)
        const kind = targetKindOf(draft, CATALOG)
        const next = withMethod(draft, to, CATALOG)
        if (kind !== undefined && to.targets.includes(kind)) assert.deepEqual(next['target'], draft['target'])
        if (to.targets.length === 0) assert.equal(next['target'], undefined)
        assert.ok(Object.keys(next).every((key) => key === 'method' || to.parameters[key] !== undefined), JSON.stringify(next))
        // A chain of no stages does nothing, which the server refuses.
        if (name !== 'chain') assert.equal(parseRecipe(next).method, name)
        draft = next
      }
    }))
  })

  test('what does not go with another is taken out', () => {
    const magnitude = method('magnitude')
    const wide = CATALOG.criteria.find(({ granularities }) => granularities !== undefined && !granularities.includes('weight'))
    if (wide !== undefined) assert.ok(!criteriaFor({ method: 'magnitude', granularity: { type: 'weight' } }, { ...magnitude, criteria: [wide.name] }, CATALOG).some(({ name }) => name === wide.name))
    assert.deepEqual(fitting({ method: 'magnitude', criterion: 'nothing', scope: 'nowhere', granularity: { type: 'none' }, target: { sparsity: 0.5 } }, magnitude, CATALOG), { method: 'magnitude', target: { sparsity: 0.5 } })
    assert.equal(granularityOf({ method: 'magnitude' }, magnitude, CATALOG), 'weight')
  })

  test('data are looked at by what trains, evaluates, or is searched by accuracy', () => {
    const looks = (draft: Draft): boolean => looksAtData(draft, methodOf(draft, CATALOG)!, CATALOG)
    assert.deepEqual([looks(FIRST_DRAFT), looks({ method: 'gradual' }), looks({ method: 'evaluate' }), looks({ method: 'magnitude', target: firstTarget('maxAccuracyDrop') })], [false, true, true, true])
  })

  test('layers that are left alone, beside rules of another kind', () => {
    const rules = [{ match: 'conv*', sparsity: 0.5 }]
    const draft = withSkipped({ method: 'magnitude', layers: rules }, 'dense', true)
    assert.deepEqual([[...skippedLayers(draft)], draft['layers']], [['dense'], [...rules, { match: 'dense', skip: true }]])
    assert.deepEqual(withSkipped(withSkipped(draft, 'dense', true), 'dense', false)['layers'], rules)
    assert.deepEqual(withSkipped(withSkipped({ method: 'magnitude' }, 'dense', true), 'dense', false), { method: 'magnitude' })
    assert.deepEqual([...skippedLayers({ layers: 'all' }), ...skippedLayers({ layers: [null, { match: 3, skip: true }] })], [])
  })

  test('stages: added, moved and written so that the server reads them', () => {
    const stages = added(added(added([], 'prune'), 'fine-tune'), 'shrink')
    assert.deepEqual(parseRecipe(withStages(FIRST_DRAFT, stages)).stages.map(({ stage }) => stage), ['prune', 'fine-tune', 'shrink'])
    assert.deepEqual(moved(stages, 2, 0).map(({ stage }) => stage), ['shrink', 'prune', 'fine-tune'])
    assert.deepEqual([moved(stages, 0, -1), moved(stages, 2, 3), moved(stages, 5, 0)], [stages, stages, stages])
    assert.deepEqual(withStages(withStages(FIRST_DRAFT, stages), []), FIRST_DRAFT)
    for (const stage of stages) assert.deepEqual(stageOfText(stage['stage'], settingsText(stage)), stage)
    assert.deepEqual(stageOfText('shrink', ' '), { stage: 'shrink' })
    for (const wrong of ['[]', '3', '{']) assert.throws(() => stageOfText('shrink', wrong), Error)
    assert.deepEqual([stagesOf({ stages: 'all' }), stagesOf({ stages: [null, { stage: 'shrink' }] })], [[], [{ stage: 'shrink' }]])
  })
})
