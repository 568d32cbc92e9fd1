// What a page that uses the object library has to load before anything runs: the package, minified, in one piece, with
// the engines of its leaves left outside.
import { join, relative } from 'node:path'
import { gzipSync } from 'node:zlib'
import { build, type Metafile } from 'esbuild'
import { repositoryRoot } from './repository-copy.ts'

/** What the engines of leaves are called where they are imported. */
const engines = ['yjs', 'yjs/*', 'lib0', 'lib0/*', '@automerge/automerge', '@automerge/automerge/*']

/** The part that is loaded at once; what is imported on demand is not in it. */
export interface ObjectsBundle {
  readonly minifiedBytes: number
  readonly gzipBytes: number
  /** Files that went in, relative to the repository. */
  readonly files: readonly string[]
  /** Engines that are imported at once: there must be none. */
  readonly outsideAtOnce: readonly string[]
}

/** Bundles the package as a browser would get it, or `source` in its place. */
export async function bundleObjects(source?: string): Promise<ObjectsBundle> {
  const folder = join(repositoryRoot, 'packages/crdt-objects/src')
  const text = source ?? "export * from './index.ts'"
  const { metafile, outputFiles } = await build({
    stdin: { contents: text, resolveDir: folder, sourcefile: 'entry.ts', loader: 'ts' },
    absWorkingDir: repositoryRoot,
    outdir: repositoryRoot,
    bundle: true,
    write: false,
    minify: true,
    splitting: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    conditions: ['@joinery/source'],
    external: engines,
    metafile: true,
    logLevel: 'silent',
  })
  const pieces = loadedAtOnce(metafile)
  const bytes = outputFiles
    .filter(({ path }) => pieces.includes(relative(repositoryRoot, path)))
    .map(({ contents }) => contents)
  const outputs = pieces.flatMap((piece) => metafile.outputs[piece] ?? [])
  return {
    minifiedBytes: bytes.reduce((sum, { length }) => sum + length, 0),
    gzipBytes: bytes.reduce((sum, piece) => sum + gzipSync(piece, { level: 9 }).length, 0),
    files: outputs.flatMap(({ inputs }) => Object.keys(inputs)),
    outsideAtOnce: outputs
      .flatMap(({ imports }) => imports)
      .filter(({ kind, external }) => external === true && kind !== 'dynamic-import')
      .map(({ path }) => path),
  }
}

/** The entry, and all that it imports by statements. */
function loadedAtOnce({ outputs }: Metafile): string[] {
  const pieces = new Set(['stdin.js'])
  // A set is iterated to its end, what is added on the way included.
  for (const piece of pieces) {
    for (const { path, kind, external } of outputs[piece]?.imports ?? []) {
      if (kind === 'import-statement' && external !== true) pieces.add(path)
    }
  }
  return [...pieces]
}
