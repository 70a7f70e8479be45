/** The choice between light, dark and what the system says. */
import { useState } from 'react'
import { Select } from '../components/select.tsx'
import { chooseTheme, storedTheme, type Theme } from './theme.ts'

const CHOICES = [{ id: 'system', name: 'As the system' }, { id: 'light', name: 'Light' }, { id: 'dark', name: 'Dark' }] as const

export function ThemeChoice () {
  const [theme, setTheme] = useState<Theme>(storedTheme)
  const choose = (chosen: Theme): void => {
    chooseTheme(chosen)
    setTheme(chosen)
  }
  return <Select label='Colours' hideLabel choices={CHOICES} value={theme} onChange={choose} />
}
