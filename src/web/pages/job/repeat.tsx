/** What repeats the run: as a recipe to copy, for a shell, for Python. */
import { memo, useState, useSyncExternalStore } from 'react'
import { Tab, TabList, TabPanel, Tabs } from 'react-aria-components/Tabs'
import { onSessionChange, sessionState } from '../../api/session.ts'
import type { Job } from '../../api/types.ts'
import { Card } from '../../components/card.tsx'
import { CodeBlock } from '../../components/code-block.tsx'
import { toYaml } from '../../format/yaml.ts'
import { curlCommand, pythonScript } from './commands.ts'

const FORMS = { curl: 'curl', python: 'Python', yaml: 'Recipe, YAML', json: 'Recipe, JSON' } as const
type Form = keyof typeof FORMS

/** The progress of a run changes nothing in it. */
export const Repeat = memo(function Repeat ({ job }: { readonly job: Job }) {
  const [form, setForm] = useState<Form>('curl')
  const { has: withKey } = useSyncExternalStore(onSessionChange, sessionState)
  const options = { job, base: location.origin, withKey }
  const texts = {
    curl: () => curlCommand(options),
    python: () => pythonScript(options),
    yaml: () => toYaml(job.recipe),
    json: () => JSON.stringify(job.recipe, null, 2),
  } as const satisfies Record<Form, () => string>
  return (
    <Card title='Repeat it' note={`The recipe with all defaults filled in, its seed too: on the same kind of device it makes the same bytes.${options.withKey ? ' The key is read from ESPALIER_KEY.' : ''}`}>
      <Tabs selectedKey={form} onSelectionChange={(key) => { setForm(key as Form) }}>
        <TabList className='tabs' aria-label='Form'>{Object.entries(FORMS).map(([id, name]) => <Tab key={id} id={id} className='tab'>{name}</Tab>)}</TabList>
        {(Object.keys(FORMS) as Form[]).map((id) => <TabPanel key={id} id={id}><CodeBlock label={FORMS[id]} text={texts[id]()} /></TabPanel>)}
      </Tabs>
    </Card>
  )
}, (one, other) => one.job.id === other.job.id && one.job.recipe === other.job.recipe)
