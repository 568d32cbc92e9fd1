import { ourSequenceRun, yjsSequenceRun, prepareSequences, sequenceWorks } from '#test/bench/programs/sequences.ts'
await prepareSequences()
const med = (a: number[]) => a.sort((x,y)=>x-y)[a.length>>1]!
const args = process.argv.slice(2)
for (const listened of [false, true]) for (const work of sequenceWorks) for (const perFlush of [1,100]) {
  const count = listened ? 2000 : 10000
  const o: any = {work, count, perFlush, listened}
  const us=[], them=[]
  for (let i=0;i<7;i++) { const a = ourSequenceRun(o), b = yjsSequenceRun(o); if (i>=2) {us.push(a); them.push(b)} }
  const r=(k: string)=> med(us.map((x: any)=>x[k]))/med(them.map((x: any)=>x[k]))
  console.log(work, perFlush, listened?'listened':'', 'local', r('localMs').toFixed(2), `(${(med(us.map(x=>x.localMs))*1000/count).toFixed(2)} us)`, 'remote', r('remoteMs').toFixed(2), `(${(med(us.map(x=>x.remoteMs))*1000/count).toFixed(2)} us)`, 'bytes', us[0]!.bytesPerOperation.toFixed(1), them[0]!.bytesPerOperation.toFixed(1), 'state', us[0]!.stateBytes, them[0]!.stateBytes)
}
