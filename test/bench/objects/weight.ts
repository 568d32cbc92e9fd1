import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { type Size } from '../benchmark.ts'
import { median, type Row, sizeText } from '../figure.ts'
import { startTimes } from '../footprint.ts'
import { type Imported } from '../programs/start-time.ts'

/** What the library costs a program that uses none of its leaves: at start, and in a bundle. */
export async function weightRows(size: Size): Promise<Row[]> {
  const ours = await importMs('@joinery/crdt-objects', size)
  const yjs = await importMs('yjs', size)
  const nothing = await importMs('nothing', size)
  return [
    {
      subject: 'import of the library, no leaf loaded',
      regime: 'any',
      ours: `${ours.toFixed(1)} ms`,
      against: `yjs ${yjs.toFixed(1)} ms (an empty module ${nothing.toFixed(1)} ms)`,
      ratio: ours / yjs,
      measured: ours,
      goal: { atMost: 15, unit: 'ms' },
    },
    {
      subject: 'bundled, minified and compressed, leaves left out',
      regime: 'any',
      ours: sizeText(await bundledBytes('@joinery/crdt-objects')),
      against: `yjs ${sizeText(await bundledBytes('yjs'))}`,
    },
  ]
}

async function importMs(module: Imported, size: Size): Promise<number> {
  return median((await startTimes(module, undefined, size)).map((time) => time.importMs))
}

async function bundledBytes(module: string): Promise<number> {
  const { outputFiles } = await build({
    stdin: {
      contents: `export * from ${JSON.stringify(module)}`,
      resolveDir: fileURLToPath(new URL('../', import.meta.url)),
    },
    bundle: true,
    minify: true,
    write: false,
    format: 'esm',
    platform: 'browser',
    target: 'es2023',
    conditions: ['@joinery/source'],
    external: module === 'yjs' ? [] : ['yjs', '@automerge/*'],
    logLevel: 'warning',
  })
  return gzipSync(outputFiles[0]?.contents ?? new Uint8Array(), { level: 9 }).length
}
