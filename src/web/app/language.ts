/** Chromium under the POSIX locale says that its language is "en-US@posix", which its own Intl refuses: libraries that hand the one to the other fail. */
export function mendLanguage (): void {
  try {
    Intl.getCanonicalLocales(navigator.language)
  } catch {
    Object.defineProperty(navigator, 'language', { value: 'en-US', configurable: true })
  }
}
