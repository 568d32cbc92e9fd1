import { loadAllEngines } from '#test/suites/schemas.ts'
import { list, text } from '#crdt-objects/index.ts'
import { History } from '#test/suites/history.ts'
import { drawsFrom } from '#test/suites/operations.ts'
import { Oracle } from '#test/suites/oracle.ts'
await loadAllEngines()
function run(schema: any, drawn: number[][]) {
  const n = 3 + drawn.length % 3
  const oracle: any = new Oracle(schema, n)
  const w = new Proxy(oracle, { get(t, k) { const v = t[k]; return typeof v === 'function' ? (...a: any[]) => { console.log(String(k), JSON.stringify(a)); return v.apply(t, a) } : v } })
  const h = new History(schema, n, { watcher: w } as any)
  for (const s of drawn) { console.log('--', JSON.stringify(s)); h.step(drawsFrom(s)); h.handles.forEach((x: any, i) => { const a = JSON.stringify(x.value), b = JSON.stringify(oracle.read(i)); console.log(i, a, b, a===b ? '' : '<<<<') }) }
}
run(list(), [[0,0,0,0],[0,0,0,0],[0,0,0,0],[0,0,211,0],[145,93,477,0,0,0,0],[0,0,0,0],[40,3,311,0,0,0],[0,0,0,0],[0,0,0,0]])
