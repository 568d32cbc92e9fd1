// Who may import whom. `test/tooling/rules.test.ts` plants a violation of every rule below and
// expects it to be found, so a rule whose pattern has gone stale fails there.
'use strict'

const libp2p = '(^|/)node_modules/(libp2p|@libp2p|@chainsafe|@multiformats|multiformats)/'
const ourPackages = '^packages/'

const forbid = (name, comment, from, to) => ({ name, comment, severity: 'error', from, to })

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    forbid('no-cycles', 'A cycle, of types too, makes one file of many.', {}, { circular: true }),
    forbid(
      'resolvable',
      'An import names a file or a declared package.',
      {},
      { couldNotResolve: true },
    ),
    forbid(
      'declared',
      'What a package imports is in its own package.json, as a dependency.',
      { path: `${ourPackages}[^/]+/src/` },
      { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'] },
    ),
    forbid(
      'objects-import-nothing-of-ours',
      'crdt-objects is under everything else.',
      { path: '^packages/crdt-objects/' },
      { path: '^packages/(?!crdt-objects/)' },
    ),
    forbid(
      'objects-have-no-io',
      'crdt-objects runs in browsers and does no I/O.',
      { path: '^packages/crdt-objects/' },
      { dependencyTypes: ['core'] },
    ),
    forbid(
      'consensus-imports-objects-only',
      'consensus knows objects, and neither clients nor peers.',
      { path: '^packages/consensus/' },
      { path: '^packages/(?!consensus/|crdt-objects/)' },
    ),
    forbid(
      'raft-imports-itself-only',
      'The Raft core is a function of its inputs.',
      { path: '^packages/consensus/src/raft/' },
      { pathNot: '^packages/consensus/src/raft/' },
    ),
    forbid(
      'client-imports-no-peer',
      'The client is small: objects, strong objects, and the caller of groups; never Raft, nor what hosts them.',
      { path: '^packages/client/' },
      { path: '^packages/(?!client/|crdt-objects/|consensus/src/(index\\.ts|objects/|caller/))' },
    ),
    forbid(
      'caller-knows-no-group',
      'The caller of groups is part of clients: of the groups it knows the port, the commands and the outcomes.',
      { path: '^packages/consensus/src/caller/' },
      {
        path: '^packages/consensus/src/',
        pathNot:
          '^packages/consensus/src/(caller/|errors\\.ts|ordered-log\\.ts|sequence-map\\.ts|host/(command|outcome)(-codec)?\\.ts)',
      },
    ),
    forbid(
      'strong-objects-know-no-group',
      "Users' kinds are part of clients: they know neither groups nor how those host them.",
      { path: '^packages/consensus/src/objects/' },
      { path: '^packages/consensus/src/(raft|storage|group|host|caller)/' },
    ),
    forbid(
      'libp2p-in-one-folder',
      'A new libp2p is a change in one folder.',
      { path: ourPackages, pathNot: '^packages/peer/src/libp2p/' },
      { path: libp2p },
    ),
    forbid(
      'packages-import-no-tests',
      'Tests and examples are not shipped.',
      { path: ourPackages },
      { path: '^(test|docs)/' },
    ),
    forbid(
      'enter-by-exports',
      'A package is entered by its name, never by a path into it.',
      { path: '^packages/([^/]+)/' },
      {
        path: '^packages/(?!$1/)',
        dependencyTypes: ['local'],
        dependencyTypesNot: ['aliased-workspace'],
      },
    ),
    forbid(
      'inspector-is-a-client',
      'The inspector may import only what a user of the client could.',
      { path: '^packages/client/src/inspector/' },
      { path: '^packages/client/src/', pathNot: '^packages/client/src/(index\\.ts|inspector/)' },
    ),
    forbid(
      'replication-and-identity-cores-are-pure',
      'The cores of replication and of identity know objects and each other.',
      { path: '^packages/peer/src/(replication|identity)/core/' },
      {
        pathNot: ['^packages/peer/src/(replication|identity)/core/', '^packages/crdt-objects/src/'],
      },
    ),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^packages/[^/]+/dist/' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['@joinery/source', 'import', 'node', 'default', 'types'],
      mainFields: ['module', 'main', 'types'],
    },
  },
}
