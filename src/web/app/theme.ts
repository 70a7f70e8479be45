/** Light or dark: as the system says, unless this browser was told otherwise. */
const THEMES = ['system', 'light', 'dark'] as const
export type Theme = typeof THEMES[number]

const KEY = 'espalier.theme'
const SYSTEM = '(prefers-color-scheme: dark)'
const changed = new EventTarget()

export function storedTheme (): Theme {
  const stored = localStorage.getItem(KEY)
  return THEMES.find((theme) => theme === stored) ?? 'system'
}

export function chooseTheme (theme: Theme): void {
  localStorage.setItem(KEY, theme)
  applyTheme(theme)
}

export function isDark (theme: Theme = storedTheme()): boolean {
  return theme === 'dark' || (theme === 'system' && matchMedia(SYSTEM).matches)
}

export function applyTheme (theme: Theme): void {
  document.documentElement.dataset['theme'] = isDark(theme) ? 'dark' : 'light'
  changed.dispatchEvent(new Event('change'))
}

/** Calls back whenever colours have changed; gives what ends it. */
export function onThemeChange (listener: () => void): () => void {
  changed.addEventListener('change', listener)
  return () => { changed.removeEventListener('change', listener) }
}

matchMedia(SYSTEM).addEventListener('change', () => { applyTheme(storedTheme()) })
