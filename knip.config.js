/** Files that a command starts, and so nothing imports. */
const started = [
  'test/{check,mutate,long,run,seed,skip}.ts',
  'test/{bench,conformance,joins,lifetimes,nemesis,scale,simulation,simulation/membership,soak,spaces-nemesis}/main.ts',
  'test/bench/programs/*.ts',
  'test/tooling/bundle-built.ts',
  'test/{fixtures,{acceptance,integration,lifetimes,nemesis,soak,spaces-nemesis}/fixtures}/*.ts',
  'test/**/*.test.ts',
  'test/types/*.test-d.ts',
  'test/types/printed/*.ts',
  'docs/examples/**/*.ts',
]

/** @type {import('knip').KnipConfig} */
export default {
  workspaces: {
    '.': {
      entry: started,
      project: ['test/**/*.ts', 'docs/**/*.ts'],
      // The flights are read by their path, publint is started by its own.
      ignoreDependencies: ['vega-datasets', 'publint'],
      // Of the system: who needs one that is not there skips, and says so.
      ignoreBinaries: ['ip', 'taskset'],
    },
    'packages/*': { project: ['src/**/*.ts'] },
  },
  // A file's types are part of its contract, whoever names them; tests reach the rest by `#` aliases.
  ignoreExportsUsedInFile: true,
}
