/** Names of entries in archives, which whoever made the archive may have chosen to lead elsewhere. */

/** Does the name lead out of the folder that the archive is unpacked into, or to another place on another system? */
export function leadsOut (name: string): boolean {
  return name.startsWith('/') || name.includes('\\') || name.includes('\0') || /^[a-z]:/i.test(name) || name.split('/').includes('..')
}
