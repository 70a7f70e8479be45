// Lint and format: neostandard, and the one-way arrows between the folders of src.
import jsxA11y from 'eslint-plugin-jsx-a11y'
import neostandard from 'neostandard'

/** What each folder may not import. http, worker, cli -> jobs -> methods -> engine, pruning, models, datasets; infra and telemetry implement jobs' ports. */
const PURE = ['jobs', 'infra', 'http', 'worker', 'cli', 'methods', 'engine', 'config', 'telemetry']
const FORBIDDEN = {
  pruning: [...PURE, 'datasets'],
  models: [...PURE, 'pruning', 'datasets'],
  datasets: [...PURE, 'pruning'],
  engine: ['jobs', 'infra', 'http', 'worker', 'cli', 'methods', 'pruning', 'config', 'telemetry'],
  methods: ['jobs', 'infra', 'http', 'worker', 'cli', 'config', 'telemetry'],
  jobs: ['infra', 'http', 'worker', 'cli', 'config', 'telemetry'],
  telemetry: ['infra', 'http', 'worker', 'cli', 'methods', 'engine'],
  infra: ['http', 'worker', 'cli'],
  http: ['worker', 'cli'],
  worker: ['http', 'cli'],
}

/** Only these construct adapters. */
const ENTRIES = ['src/http/server.ts', 'src/worker/index.ts', 'src/worker/worker.ts']

const NO_NODE = { group: ['node:*'], message: 'this folder holds pure code: no node modules' }

const arrows = Object.entries(FORBIDDEN).map(([folder, forbidden]) => ({
  files: [`src/${folder}/**/*.ts`],
  ignores: ENTRIES,
  rules: {
    'no-restricted-imports': ['error', {
      patterns: [
        { group: forbidden.flatMap((other) => other === 'config' ? ['**/config.ts'] : [`**/${other}/**`, `**/${other}.ts`]), message: `src/${folder} may not import this: the arrows point the other way` },
        ...(['pruning', 'models', 'datasets'].includes(folder) ? [NO_NODE] : []),
        ...(['http', 'worker'].includes(folder) ? [{ group: ['**/infra/**'], message: 'only entry files construct adapters' }] : []),
      ],
    }],
  },
}))

export default [
  ...neostandard({ ts: true, ignores: ['src/infra/postgres/generated/**', 'src/web/dist/**', 'node_modules/**', 'output/**', 'coverage/**'] }),
  {
    files: ['**/*.ts', '**/*.tsx'],
    rules: {
      // A schema and the type it describes share a name, and an interface and its maker.
      'no-redeclare': 'off',
      '@typescript-eslint/no-redeclare': 'off',
      // `void promise` says that nobody waits for it on purpose.
      'no-void': 'off',
      '@stylistic/object-property-newline': 'off',
      // It takes a variable that a closure or a destructured parameter changes for one that never changes.
      'no-unmodified-loop-condition': 'off',
      'valid-typeof': ['error', { requireStringLiterals: false }],
      'max-lines': ['error', { max: 300 }],
    },
  },
  {
    files: ['src/**/*.ts', 'src/**/*.tsx'],
    ignores: ['src/config.ts'],
    rules: { 'no-restricted-properties': ['error', { object: 'process', property: 'env', message: 'the environment is read in config.ts alone' }] },
  },
  ...arrows,
  {
    ...jsxA11y.flatConfigs.recommended,
    files: ['src/web/**/*.tsx'],
    rules: {
      ...jsxA11y.flatConfigs.recommended.rules,
      // What scrolls has to be reached with a keyboard.
      'jsx-a11y/no-noninteractive-tabindex': ['error', { tags: [], roles: ['tabpanel', 'region', 'application'] }],
    },
  },
  {
    // The dashboard is another program, in browsers: it knows the server's types and nothing else of it.
    files: ['src/web/**/*.ts', 'src/web/**/*.tsx'],
    ignores: ['src/web/vite.config.ts', 'src/web/build/**'],
    rules: {
      '@typescript-eslint/no-restricted-imports': ['error', {
        patterns: [
          { regex: `^(\\.\\./)+(${[...PURE, 'models', 'datasets', 'pruning'].join('|')})/|^(\\.\\./){2,}[\\w-]+\\.ts$`, allowTypeImports: true, message: 'src/web may import types only from the rest' },
          { group: ['node:*'], message: 'this runs in browsers' },
        ],
      }],
      'max-lines': ['error', { max: 200 }],
    },
  },
]
