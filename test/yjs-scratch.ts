import { SpaceState, kindOf } from '#crdt-objects/engine.ts'
import { text, list, map } from '#crdt-objects/index.ts'
import { loadEngines } from '#crdt-objects/leaf-engine.ts'
await loadEngines(text().kind)
const a = new SpaceState({replica: 0xa000000000000003n, clock: () => 1000})
const b = new SpaceState({replica: 0xa000000000000007n, clock: () => 1000})
const ta = a.open('t', text().kind).handle() as any
const tb = b.open('t', text().kind).handle() as any
ta.insert(0,'hello'); ta.insert(5,' world'); ta.delete(0); ta.insert(0,'H')
console.log(ta.value, ta.length)
let x = a.takeBatch()!; console.log(x.length, b.apply(x), tb.value, tb.length)
tb.format(0,5,{bold:true}); tb.append('!'); tb.insert(5,'oo'); ta.insert(5,', dear')
const xb=b.takeBatch()!, xa=a.takeBatch()!
console.log(a.apply(xb), b.apply(xa)); console.log(JSON.stringify(ta.spans())); console.log(JSON.stringify(tb.spans()))
const c = new SpaceState({replica: 99n, clock: () => 1000}); console.log(c.joinState(a.encodeState()), a.encodeState().length, (c.find('t')!.handle() as any).spans())
const la = a.open('l', list().kind).handle() as any
la.push(1,'a',undefined,new Date(5),new Map([[1,{a:2}]]),10n,null,{q:[1]}); console.log(la.value, la.get(3), la.get(-1), la.slice(-2))
b.apply(a.takeBatch()!); console.log((b.find('l')!.handle() as any).value)
a.transact((tx: any)=>{ const d = tx(la); d.push('in tx'); console.log(la.value.length, la.length); d.delete(0); tx(ta).insert(0,'XX'); console.log(ta.value, ta.length)})
console.log(la.value.length, la.length, ta.value)
try { a.transact((tx: any)=>{ const d = tx(la); d.push('in tx2'); d.delete(0, 99); }) } catch (e) {console.log(String(e))}
console.log(la.value.length, la.length)
