import { SpaceState } from '#crdt-objects/engine.ts'
import { vector } from '#crdt-objects/index.ts'
import { checkAmounts } from '#crdt-objects/sums/amounts.ts'
import { Sums } from '#crdt-objects/sums/sums.ts'
import { floatShape } from '#crdt-objects/sums/local-sums.ts'
const rep = (id: bigint) => new SpaceState({ replica: id, clock: () => Date.now() })
function time(name: string, n: number, f: () => void) {
  for (let i = 0; i < 300; i++) f()
  const rounds: number[] = []
  for (let r = 0; r < 7; r++) { const t = process.cpuUsage(); for (let i = 0; i < n; i++) f(); const u = process.cpuUsage(t); rounds.push((u.user + u.system) / n) }
  rounds.sort((a, b) => a - b)
  console.log(name, rounds[3]!.toFixed(2), 'us', '(' + rounds.map((x) => x.toFixed(1)).join(' ') + ')')
}
const D = 10000
const a = rep(1n), b = rep(2n)
const V = vector(D)
const ha: any = a.open('v', V.kind).handle(V.kind), hb: any = b.open('v', V.kind).handle(V.kind)
const f64 = Float64Array.from({ length: D }, (_, i) => Math.sin(i))
const arr = Array.from(f64)
const s = new Sums(floatShape(D))
time('check f64', 2000, () => checkAmounts(f64, D))
time('addRow', 2000, () => s.addRow(0, f64, D))
time('add 10k Float64Array', 2000, () => ha.add(f64))
time('add 10k number[]', 2000, () => ha.add(arr))
time('add 10k Float64Array', 2000, () => ha.add(f64))
time('add+takeBatch+apply 10k', 500, () => { ha.add(f64); b.apply(a.takeBatch()!) })
time('read 10k', 1000, () => hb.value)
for (let k = 0; k < 3; k++) {
  const c = rep(BigInt(k + 20)); const h: any = c.open('v', V.kind).handle(V.kind)
  time('fresh replica add f64', 2000, () => h.add(f64))
  time('fresh replica add arr', 2000, () => h.add(arr))
  const node: any = c.find('v')!.root
  time('node.add only', 2000, () => node.add((x: any) => x.addRow(0, f64, D)))
  time('pending.addRow only', 2000, () => node.pending.addRow(0, f64, D))
}
