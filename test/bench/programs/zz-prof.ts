import { joinery } from '../engines/joinery.ts'
import { yjs } from '../engines/yjs.ts'
import type { Workload } from '../engines/engine.ts'
const [, , verb, keys, perFlush, which] = process.argv
const w = { verb, keys: Number(keys) } as Workload
const per = Number(perFlush)
const count = 50000
const cpu = (): number => { const u = process.cpuUsage(); return (u.user + u.system) / 1000 }
function once(make: (w: Workload) => ReturnType<typeof joinery>): [number, number] {
  const e = make(w)
  const updates: Uint8Array[] = []
  const s = performance.now()
  for (let done = 0; done < count; done += per) updates.push(e.flush(() => { for (let n = done; n < done + per; n++) e.operate(n) }))
  const m = performance.now()
  e.receive(updates)
  return [m - s, performance.now() - m]
}
const ours: [number, number][] = [], theirs: [number, number][] = []
const rounds = which === 'ours' ? 25 : 9
for (let i = 0; i < rounds; i++) { ours.push(once(joinery)); if (which !== 'ours') theirs.push(once(yjs)) }
const low = (a: [number, number][], k: number) => a.slice(2).map((x) => x[k]!).sort((x, y) => x - y)[Math.floor((a.length - 2) / 3)]!
const us = (ms: number) => (ms * 1e6 / count).toFixed(0) + 'ns'
console.log(`${verb} ${keys} @${per}`.padEnd(22), 'local', us(low(ours, 0)), which === 'ours' ? '' : (low(theirs, 0) / low(ours, 0)).toFixed(2), 'remote', us(low(ours, 1)), which === 'ours' ? '' : (low(theirs, 1) / low(ours, 1)).toFixed(2))
