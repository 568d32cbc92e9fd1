import { readFileSync } from 'node:fs'
import eslint from '@eslint/js'
import { defineConfig, globalIgnores } from 'eslint/config'
import tseslint from 'typescript-eslint'

/** Files that read better whole than in pieces of 400 lines, each with its reason. */
const longFiles = JSON.parse(
  readFileSync(new URL('test/tooling/long-files.json', import.meta.url), 'utf8'),
)

const noDefaultExport = {
  selector: 'ExportDefaultDeclaration',
  message: 'Export by name: one thing has one name everywhere.',
}
const noAsync = [
  'FunctionDeclaration[async=true]',
  'FunctionExpression[async=true]',
  'ArrowFunctionExpression[async=true]',
  'AwaitExpression',
  'ForOfStatement[await=true]',
  'TSTypeReference > Identifier[name=/^(Promise|PromiseLike)$/]',
].map((selector) => ({
  selector,
  message: 'A pure core answers at once: return an effect, and let the driver wait.',
}))
const noHiddenClock = [
  'MemberExpression[object.name="Date"][property.name="now"]',
  'NewExpression[callee.name="Date"][arguments.length=0]',
  'CallExpression[callee.name="Date"]',
].map((selector) => ({ selector, message: 'Take the time as an argument.' }))

const worldOutside = (names, message) => names.map((name) => ({ name, message }))
const impureGlobals = worldOutside(
  [
    ...['setTimeout', 'setInterval', 'setImmediate', 'process', 'console', 'performance'],
    ...['globalThis', 'fetch', 'require', '__dirname'],
  ],
  'Pure code has no clock, no I/O and no log: take it as an input, or return an effect.',
)
const coreGlobals = worldOutside(
  ['Date', 'crypto', 'Promise', 'queueMicrotask', 'Buffer', 'AbortController'],
  'In a pure core time is a tick, randomness a passed value, and waiting is an effect.',
)
const noRandom = {
  object: 'Math',
  property: 'random',
  message: 'Take randomness as an argument: a seed must replay everything.',
}
const entrances = {
  patterns: [
    { regex: '^#', message: 'Only tests and examples reach inside a package.' },
    { regex: '^@joinery/[^/]+/(src|dist)', message: 'Enter a package through its exports.' },
    { regex: '^\\.{1,2}/.*\\.js$', message: 'Name the source file: "./dot.ts".' },
  ],
}

/** Folders whose code is a function of its inputs; `test/tooling/rules.test.ts` plants violations. */
const pureCores = [
  'packages/peer/src/groups/core/**',
  'packages/peer/src/identity/core/**',
  'packages/peer/src/membership/core/**',
  'packages/peer/src/replication/core/**',
  'packages/consensus/src/raft/**',
]

/** Folders and classes whose code is a function of the log: every voter must come to the same. */
const deterministic = [
  'packages/consensus/src/host/**/*.ts',
  'packages/consensus/src/objects/kinds/*-object.ts',
]

export default defineConfig(
  globalIgnores(['**/dist/', '.copies/', 'coverage/', 'docs/results/', 'test/mutations/']),
  {
    files: ['**/*.{js,cjs,mjs}'],
    extends: [eslint.configs.recommended],
    languageOptions: {
      globals: { console: 'readonly', process: 'readonly', URL: 'readonly' },
    },
  },
  {
    files: ['**/*.cjs'],
    languageOptions: { globals: { module: 'writable', require: 'readonly' } },
  },
  {
    files: ['**/*.ts'],
    extends: [eslint.configs.recommended, tseslint.configs.strictTypeChecked],
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      '@typescript-eslint/return-await': ['error', 'always'],
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_', destructuredArrayIgnorePattern: '^_' },
      ],
      // Matters of taste, or at odds with `noUncheckedIndexedAccess` in code on bytes and arrays.
      '@typescript-eslint/restrict-template-expressions': 'off',
      '@typescript-eslint/no-confusing-void-expression': 'off',
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-unnecessary-type-parameters': 'off',
      '@typescript-eslint/no-unnecessary-condition': 'off',
      '@typescript-eslint/no-extraneous-class': 'off',
      '@typescript-eslint/no-invalid-void-type': 'off',
      '@typescript-eslint/no-dynamic-delete': 'off',
      '@typescript-eslint/no-empty-object-type': 'off',
      '@typescript-eslint/no-empty-function': 'off',
      '@typescript-eslint/unified-signatures': 'off',
      '@typescript-eslint/no-unnecessary-type-arguments': 'off',
      // A contract returns promises; an adapter of it that has nothing to wait for is still right.
      '@typescript-eslint/require-await': 'off',
    },
  },
  {
    files: ['packages/**/*.ts', 'test/**/*.ts', 'docs/**/*.ts'],
    rules: {
      'max-lines': ['error', { max: 400 }],
      'no-restricted-syntax': ['error', noDefaultExport],
    },
  },
  {
    files: ['test/**/*.ts'],
    rules: {
      // fast-check and assert take functions; expect-type and chai read properties.
      '@typescript-eslint/unbound-method': 'off',
      '@typescript-eslint/no-unused-expressions': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
    },
  },
  {
    files: ['packages/**/*.ts'],
    rules: { 'no-restricted-imports': ['error', entrances] },
  },
  {
    files: ['packages/crdt-objects/src/**/*.ts'],
    rules: {
      'no-restricted-globals': ['error', ...impureGlobals],
      'no-restricted-properties': ['error', noRandom],
      'no-restricted-syntax': ['error', noDefaultExport, ...noHiddenClock],
    },
  },
  {
    files: pureCores.map((folder) => `${folder}/*.ts`),
    rules: {
      'no-restricted-globals': ['error', ...impureGlobals, ...coreGlobals],
      'no-restricted-properties': ['error', noRandom],
      'no-restricted-syntax': ['error', noDefaultExport, ...noHiddenClock, ...noAsync],
    },
  },
  {
    files: deterministic,
    rules: {
      'no-restricted-globals': ['error', ...impureGlobals],
      'no-restricted-properties': ['error', noRandom],
      'no-restricted-syntax': ['error', noDefaultExport, ...noHiddenClock, ...noAsync],
    },
  },
  ...Object.keys(longFiles).map((file) => ({ files: [file], rules: { 'max-lines': 'off' } })),
)
