/** A file to plant, and the rule that must find it; a file without a rule is another's target. */
export interface ImportPlant {
  readonly title: string
  readonly file: string
  readonly text: string
  readonly rule?: string
}

const target = (name: string): ImportPlant => ({
  title: 'a target',
  file: `packages/${name}/src/__planted__/target.ts`,
  text: 'export const target = 1\n',
})

const plant = (rule: string, title: string, file: string, module: string): ImportPlant => ({
  rule,
  title,
  file,
  text: `export * from '${module}'\n`,
})

const networkModules = [
  'libp2p',
  '@libp2p/interface',
  '@chainsafe/libp2p-gossipsub',
  '@multiformats/multiaddr',
]

/** Violations of every rule of `.dependency-cruiser.cjs`. */
export const importPlants: readonly ImportPlant[] = [
  ...['crdt-objects', 'consensus', 'client', 'peer'].map(target),
  {
    rule: 'no-cycles',
    title: 'two files that import only types of each other',
    file: 'packages/peer/src/__planted__/egg.ts',
    text: "import type { Hen } from './hen.ts'\nexport type Egg = Hen | 1\n",
  },
  {
    title: 'the other half of the cycle',
    file: 'packages/peer/src/__planted__/hen.ts',
    text: "import type { Egg } from './egg.ts'\nexport type Hen = Egg | 2\n",
  },
  plant(
    'resolvable',
    'a path inside another package by its name',
    'packages/client/src/__planted__/inside.ts',
    '@joinery/crdt-objects/src/errors.ts',
  ),
  plant(
    'resolvable',
    "a test's alias in a package",
    'packages/client/src/__planted__/alias.ts',
    '#crdt-objects/errors.ts',
  ),
  plant(
    'declared',
    'a tool of the tests in a package',
    'packages/peer/src/__planted__/undeclared.ts',
    'fast-check',
  ),
  plant(
    'objects-import-nothing-of-ours',
    'objects import the client',
    'packages/crdt-objects/src/__planted__/upward.ts',
    '../../../client/src/__planted__/target.ts',
  ),
  plant(
    'objects-have-no-io',
    'objects read files',
    'packages/crdt-objects/src/__planted__/files.ts',
    'node:fs',
  ),
  plant(
    'consensus-imports-objects-only',
    'consensus imports the client',
    'packages/consensus/src/__planted__/upward.ts',
    '../../../client/src/__planted__/target.ts',
  ),
  plant(
    'raft-imports-itself-only',
    'Raft imports what is beside it',
    'packages/consensus/src/raft/planted.ts',
    '../__planted__/target.ts',
  ),
  plant(
    'client-imports-no-peer',
    'the client imports the peer',
    'packages/client/src/__planted__/upward.ts',
    '../../../peer/src/__planted__/target.ts',
  ),
  plant(
    'client-imports-no-peer',
    'the client imports Raft',
    'packages/client/src/__planted__/raft.ts',
    '../../../consensus/src/raft/planted.ts',
  ),
  plant(
    'client-imports-no-peer',
    'the client imports what hosts strong objects',
    'packages/client/src/__planted__/host.ts',
    '../../../consensus/src/host/planted.ts',
  ),
  plant(
    'caller-knows-no-group',
    'the caller of groups imports what hosts them',
    'packages/consensus/src/caller/planted.ts',
    '../host/planted.ts',
  ),
  plant(
    'strong-objects-know-no-group',
    'the classes of strong objects import what hosts them',
    'packages/consensus/src/objects/planted.ts',
    '../host/planted.ts',
  ),
  {
    title: 'a target within the host',
    file: 'packages/consensus/src/host/planted.ts',
    text: 'export const target = 1\n',
  },
  ...networkModules.map((module, index) =>
    plant(
      'libp2p-in-one-folder',
      `${module} outside its folder`,
      `packages/peer/src/__planted__/network-${index}.ts`,
      module,
    ),
  ),
  plant(
    'packages-import-no-tests',
    'a package imports a test',
    'packages/peer/src/__planted__/test.ts',
    '../../../../test/seed.ts',
  ),
  plant(
    'enter-by-exports',
    "a path into another package's sources",
    'packages/peer/src/__planted__/path.ts',
    '../../../crdt-objects/src/__planted__/target.ts',
  ),
  plant(
    'inspector-is-a-client',
    "the inspector imports the client's inside",
    'packages/client/src/inspector/planted.ts',
    '../__planted__/target.ts',
  ),
  plant(
    'replication-and-identity-cores-are-pure',
    "the core imports the peer's other rooms",
    'packages/peer/src/replication/core/planted.ts',
    '../../__planted__/target.ts',
  ),
  plant(
    'replication-and-identity-cores-are-pure',
    'the core imports a module of Node',
    'packages/peer/src/replication/core/planted-crypto.ts',
    'node:crypto',
  ),
]
