/** The page of a new run: files, method, target; the plan beside them; the recipe as text. */
import { useCallback, useMemo, useState } from 'react'
import { useQuery } from '@tanstack/react-query'
import { useLocation, useSearchParams } from 'wouter'
import { catalogQuery } from '../api/catalog.ts'
import { datasetQuery, datasetsQuery, modelQuery, modelsQuery } from '../api/files.ts'
import { Card } from '../components/card.tsx'
import { LayersTable } from '../components/layers-table.tsx'
import { PageHead } from '../components/page-head.tsx'
import { ProblemNote } from '../components/problem-note.tsx'
import { Waiting } from '../components/waiting.tsx'
import { countOf } from '../format/recipe.ts'
import { bytes, short } from '../format/numbers.ts'
import { fitting, looksAtData, methodOf, partOf, skippedLayers, targetKindOf, withKey, withMethod, withSkipped, type Draft } from './new/draft.ts'
import { FileChoice } from './new/file-choice.tsx'
import { MethodField } from './new/method-field.tsx'
import { MoreFields } from './new/more-fields.tsx'
import { PlanPanel } from './new/plan-panel.tsx'
import { wrongAt } from './new/problems.ts'
import { RankingFields } from './new/ranking-fields.tsx'
import { RecipeEditor } from './new/recipe-editor.tsx'
import { StagesField } from './new/stages-field.tsx'
import { readable } from './new/target-words.ts'
import { TargetField } from './new/target-field.tsx'
import { useDraft } from './new/use-draft.ts'
import { useRun } from './new/use-run.ts'
import './new/new.css'

export default function NewRunPage () {
  const [search, setSearch] = useSearchParams()
  const [, navigate] = useLocation()
  const catalog = useQuery(catalogQuery)
  const models = useQuery(modelsQuery)
  const datasets = useQuery(datasetsQuery)
  const [modelId, datasetId] = [search.get('model') ?? undefined, search.get('dataset') ?? undefined]
  const model = useQuery({ ...modelQuery(modelId ?? ''), enabled: modelId !== undefined }).data
  const dataset = useQuery({ ...datasetQuery(datasetId ?? ''), enabled: datasetId !== undefined }).data
  const [draft, setDraft] = useDraft(search.get('job'))
  const [sweep, setSweep] = useState<string | null>(null)
  const kind = catalog.data === undefined ? undefined : targetKindOf(draft, catalog.data)
  const run = useRun({ model: model?.id, dataset: dataset?.id, draft, sweep: kind === undefined || sweep === null ? null : { kind, text: sweep } })
  const skipped = useMemo(() => skippedLayers(draft), [draft])
  const skip = useCallback((layer: string, on: boolean) => { setDraft((now) => withSkipped(now, layer, on)) }, [setDraft])
  const choose = (name: 'model' | 'dataset') => (id: string | undefined): void => {
    setSearch((now) => {
      if (id === undefined) now.delete(name)
      else now.set(name, id)
      return now
    }, { replace: true })
  }

  if (catalog.error !== null) return <><PageHead title='New run' /><ProblemNote error={catalog.error} onRetry={() => { void catalog.refetch() }} /></>
  if (catalog.data === undefined) return <><PageHead title='New run' /><Waiting what='what can be done' /></>
  const method = methodOf(draft, catalog.data)
  const { faults } = run
  const set = (next: Draft): void => { setDraft(method === undefined ? next : fitting(next, method, catalog.data)) }
  return (
    <>
      <PageHead title='New run' about='A model, a method, a target; the plan shows what would come of it before anything starts.' />
      <div className='new-run'>
        <div className='stack'>
          <Card title='Files'>
            <div className='new-files'>
              <FileChoice kind='models' stored={models.data?.items ?? []} chosen={model} onChoose={choose('model')} facts={(file) => `${file.format}, ${bytes(file.bytes)}, ${short(file.prunableWeights)} of ${short(file.weights)} weights can be pruned`} />
              <FileChoice kind='datasets' optional={method !== undefined && !looksAtData(draft, method, catalog.data)} stored={datasets.data?.items ?? []} chosen={dataset} onChoose={choose('dataset')} facts={(file) => `${file.format}, ${bytes(file.bytes)}, ${countOf(file.examples, 'example')} of ${file.features.join(' × ')}`} />
            </div>
            {model?.problem !== undefined && <p className='callout warn small'>{model.problem}</p>}
          </Card>
          <Card title='Method'>
            <MethodField catalog={catalog.data} method={method} wrong={wrongAt(faults, '/method')} onChange={(chosen) => { setSweep(null); setDraft(withMethod(draft, chosen, catalog.data)) }} />
          </Card>
          {method !== undefined && method.targets.length > 0 && (
            <Card title='Target'>
              <TargetField catalog={catalog.data} method={method} draft={draft} faults={faults} sweep={sweep} sweepWrong={run.sweepWrong} onTarget={(target) => { set(withKey(draft, 'target', target)) }} onSweep={setSweep} />
            </Card>
          )}
          {method !== undefined && (
            <Card title='Settings' note='Each has a default; leave them as they are to begin with.'>
              <div className='stack-tight'>
                <RankingFields catalog={catalog.data} method={method} draft={draft} faults={faults} onDraft={set} />
                <MoreFields method={method} draft={draft} faults={faults} searches={catalog.data.targets.some(({ name, search: by }) => by !== undefined && Object.hasOwn(partOf(draft, 'target'), name))} onDraft={set} />
              </div>
            </Card>
          )}
          {method?.parameters['stages'] !== undefined && (
            <Card title='Further stages' note='Run behind the method, one after the other. What an earlier one made zero stays zero.'>
              <StagesField entries={catalog.data.stages} draft={draft} faults={faults} onDraft={setDraft} />
            </Card>
          )}
          {model !== undefined && (
            <Card title='Layers' note={`${countOf(model.layers.length, 'layer')}; ${countOf(model.layers.filter(({ prunable }) => prunable).length, 'of them can be pruned', 'of them can be pruned')}.`}>
              <LayersTable model={model} plan={run.plan} skipped={skipped} onSkip={method?.parameters['layers'] === undefined ? undefined : skip} />
            </Card>
          )}
          <Card title='Recipe' note='What the fields above write; what has no field is written here.'>
            <RecipeEditor draft={draft} wrong={wrongAt(faults, '')} onDraft={setDraft} />
          </Card>
        </div>
        <aside className='new-side' aria-label='Plan'>
          <Card title='Plan'>
            <PlanPanel {...run} of={run.lastValue === undefined || kind === undefined ? undefined : readable(kind, run.lastValue)} onStart={() => { run.start(navigate) }} />
          </Card>
        </aside>
      </div>
    </>
  )
}
