import { createPeer } from '@joinery/peer'
import { counter, map } from '@joinery/crdt-objects'
const k = 'k'.repeat(20)
for (const dissemination of ['gossip', 'direct'] as const) {
  const a = await createPeer({ clusterKey: k, dissemination })
  const ps = [a]; for (let i = 0; i < 4; i++) ps.push(await createPeer({ clusterKey: k, bootstrap: a.addresses, dissemination }))
  const ws = await Promise.all(ps.map(async p => (await p.space('s')).open('w', map(counter()))))
  const c0 = process.cpuUsage(), t0 = performance.now()
  let n = 0
  while (performance.now() - t0 < 4000) { for (const [i, w] of ws.entries()) for (let j = 0; j < 200; j++) { w.at('k' + ((n * 7 + j) % 500)).add(1); n++ } await new Promise(r => setTimeout(r, 5)) }
  const tw = performance.now()
  let tries = 0
  for (;;) { const s = ws.map(w => [...w.values()].reduce((x, y) => x + y, 0)); if (s.every(x => x === n)) break; await new Promise(r => setTimeout(r, 5)); if (++tries > 1000) { console.log('NOT', s, n); break } }
  const c = process.cpuUsage(c0)
  console.log(dissemination, n, 'ops in', (tw - t0).toFixed(0), 'converged', (performance.now() - tw).toFixed(0), 'cpu s', (c.user + c.system) / 1e6, ps[0]!.statistics())
  await Promise.all(ps.map(p => p.stop()))
}
