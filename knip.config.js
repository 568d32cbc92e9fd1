/** Files that a command starts, and so nothing imports. */
const started = [
  'test/{check,mutate,long,seed}.ts',
  'test/{bench,simulation}/main.ts',
  'test/**/*.test.ts',
  'test/types/*.test-d.ts',
  'docs/examples/**/*.ts',
]

/** @type {import('knip').KnipConfig} */
export default {
  workspaces: {
    '.': {
      entry: started,
      project: ['test/**/*.ts', 'docs/**/*.ts'],
      // The tests' own versions of what the packages stand on, so that none resolves by
      // luck of hoisting. `check` starts publint by its path.
      ignoreDependencies: ['@chainsafe/libp2p-gossipsub', 'libp2p', 'uint8arrays', 'publint'],
    },
    'packages/*': { project: ['src/**/*.ts'] },
  },
  // A file's types are part of its contract, whoever names them; tests reach the rest by `#` aliases.
  ignoreExportsUsedInFile: true,
}
