import { loadAllEngines } from '#test/suites/schemas.ts'
import { list } from '#crdt-objects/index.ts'
import { replica, open } from '#test/crdt-objects/replicas.ts'
await loadAllEngines()
const l = open(replica(1n), list<any>())
l.push({value:1}, new Date(1))
console.log(Object.isFrozen(l.value[0]), l.value[0], Object.isFrozen(l.get(0)))
try { l.value[0].value = 2; console.log('no throw', l.value[0]) } catch (e) { console.log(String(e)) }
const vals = [undefined,null,0,-0,1.5,2 ** 53 - 1,'text',true,-(10n ** 30n),new Date(7),Uint8Array.of(1, 2),new Map([['k', new Set([1])]]),[1, [2]],{ value: 1 },{}]
const m = open(replica(2n), list<any>()); m.push(...vals)
console.log(m.value.map((x: any) => typeof x === 'object' && x !== null ? Object.isFrozen(x) : '-'))
import { sync } from '#test/crdt-objects/replicas.ts'
const s1 = replica(1n), s2 = replica(2n); const a = open(s1, list<any>()), b = open(s2, list<any>()); a.push(...vals); sync(s1, s2)
for (const h of [a,b]) { console.log(Object.isFrozen(h.value[13]), Object.isFrozen(h.get(13)))
 try { (h.value[13] as any).value = 2; console.log('NO THROW', h.value[13]) } catch (e) { console.log(String(e)) } }
