/** The choice of a method, by what it is for, each in the catalogue's own words. */
import { useState } from 'react'
import type { Catalog, MethodEntry } from '../../api/catalog.ts'
import { RadioCards } from '../../components/radio-cards.tsx'

const PURPOSES = [
  { id: 'trained', name: 'Prune a trained model', has: ({ trains, reshapes, targets }: MethodEntry) => !trains && !reshapes && targets.length > 0 },
  { id: 'training', name: 'Prune while training', has: ({ trains, reshapes, targets }: MethodEntry) => trains && !reshapes && targets.length > 0 },
  { id: 'smaller', name: 'Make layers smaller', has: ({ reshapes }: MethodEntry) => reshapes },
  { id: 'other', name: 'Train or measure', has: ({ targets }: MethodEntry) => targets.length === 0 },
] as const

export interface MethodFieldProps { readonly catalog: Catalog, readonly method: MethodEntry | undefined, readonly wrong: string | undefined, readonly onChange: (method: MethodEntry) => void }

export function MethodField ({ catalog: { methods }, method, wrong, onChange }: MethodFieldProps) {
  const [looked, setLooked] = useState<string | null>(null)
  const own = PURPOSES.find(({ has }) => method !== undefined && has(method))?.id ?? 'trained'
  const purpose = PURPOSES.find(({ id }) => id === (looked ?? own)) ?? PURPOSES[0]
  const choose = (name: string): void => {
    const chosen = methods.find((one) => one.name === name)
    setLooked(null)
    if (chosen !== undefined) onChange(chosen)
  }
  return (
    <div className='stack-tight'>
      <RadioCards label='What for' hideLabel look='segments' choices={PURPOSES.map(({ id, name }) => ({ id, name }))} value={purpose.id} onChange={setLooked} />
      <RadioCards label='Method' hideLabel choices={methods.filter(purpose.has).map(({ name, description }) => ({ id: name, name, hint: description }))} value={method?.name ?? null} onChange={choose} />
      {wrong !== undefined && <p className='field wrong-line'>{wrong}</p>}
    </div>
  )
}
