import { type Size } from '../benchmark.ts'
import { type Row, sizeText } from '../figure.ts'
import { Program } from '../program.ts'
import { type HeapLoad, type HeapUse } from '../programs/object-heap.ts'

const shapes: readonly (readonly [HeapLoad['shape'], string, string])[] = [
  ['struct', '`map(struct({ counter, register, set }))`', 'Y.Map with a Y.Map in it'],
  ['counter', '`map(counter())`', 'number in a Y.Map'],
  ['text', '`map<string>()`', 'text in a Y.Map'],
  ['vector', '`map(vector(3))`', 'Y.Array of 3 in a Y.Map'],
]

/** What small objects take in memory. Each engine and shape has a process of its own. */
export async function memoryRows(size: Size): Promise<Row[]> {
  const count = size === 'tiny' ? 200 : 100_000
  const rows: Row[] = []
  for (const [shape, subject, other] of size === 'tiny' ? shapes.slice(0, 1) : shapes) {
    const written = await heapUse({ shape, engine: 'joinery', count })
    const loaded = await heapUse({ shape, engine: 'joinery-loaded', count })
    const yjs = await heapUse({ shape, engine: 'yjs', count })
    const automerge =
      shape === 'struct' ? await heapUse({ ...automergeLoad, count: count / 20 }) : 0
    const third = automerge === 0 ? '' : ` (Automerge ${sizeText(automerge)}, of the process)`
    rows.push({
      subject: `heap of an entry of ${subject}, ${count.toLocaleString('en')} of them`,
      regime: 'any',
      ours: `${sizeText(written)} written, ${sizeText(loaded)} loaded`,
      against: `${other} ${sizeText(yjs)}${third}`,
      ratio: written / yjs,
      measured: Math.max(written, loaded),
      goal: { atMost: 1024, unit: 'B' },
    })
  }
  return rows
}

const automergeLoad = { shape: 'struct', engine: 'automerge' } as const

async function heapUse(load: HeapLoad): Promise<number> {
  const [program, { bytesEach }] = await Program.start<HeapUse>('object-heap', undefined, load)
  await program[Symbol.asyncDispose]()
  return bytesEach
}
