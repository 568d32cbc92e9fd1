import { type Contents, markOf } from './contents.ts'

/** What became of a lifetime, as it was told: `unknown` if it was killed before it was acknowledged, or gave up. */
export type Fate = 'acknowledged' | 'unknown'

const problemsMax = 20

/** What is wrong with what a replica shows, once nobody writes any more. */
export function problemsOf(
  { total, counts, sums }: Contents,
  fates: ReadonlyMap<number, Fate>,
): readonly string[] {
  const problems: string[] = []
  let seen = 0
  const bitsByKey = new Map([...counts].map(([key, value]) => [key, BigInt(value)]))
  for (const [lifetime, fate] of fates) {
    const [key, weight] = markOf(lifetime)
    const left = bitsByKey.get(key) ?? 0n
    const isIn = (left & BigInt(weight)) !== 0n
    if (isIn) {
      seen++
      bitsByKey.set(key, left - BigInt(weight))
    } else if (fate === 'acknowledged') {
      problems.push(`lifetime ${lifetime} was acknowledged and is not there`)
    }
  }
  for (const [key, left] of bitsByKey) {
    if (left !== 0n) problems.push(`${key}: ${left} is more than anybody added once`)
  }
  if (total !== seen) problems.push(`the total is ${total}, of ${seen} lifetimes`)
  const inSums = sums.reduce((sum, each) => sum + each, 0)
  if (inSums !== seen) problems.push(`the vector sums to ${inSums}, of ${seen} lifetimes`)
  return problems.slice(0, problemsMax)
}

/** How what two replicas show differs: they are to show the same. */
export function differences(one: Contents, other: Contents): readonly string[] {
  const names = Object.keys(one) as (keyof Contents)[]
  return names.filter((name) => canonical(one[name]) !== canonical(other[name]))
}

function canonical(value: Contents[keyof Contents]): string {
  if (!(value instanceof Map)) return JSON.stringify(value)
  return JSON.stringify([...value].sort(([a], [b]) => (a < b ? -1 : 1)))
}
