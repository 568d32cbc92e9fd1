import { invalidValue } from '../errors.ts'
import { LocalHandle } from '../faces/local.ts'
import type { Place } from '../faces/place.ts'
import { remoteClass } from '../faces/remote.ts'
import type { Ranked, TopKHandle } from '../handles/top-k.ts'
import type { Kind } from '../kind.ts'
import type { Schema } from '../schema.ts'
import type { Dot } from '../state/dots.ts'
import { NUMBER } from '../state/dots.ts'
import { KeyedNode, decodeKeyedDelta, decodeKeyedWhole } from '../state/keyed-node.ts'
import { defineKind, schemaOf } from './define.ts'
import { checkOption } from './sketch-option.ts'
import { TEXT_KEY, checkKey } from './text-key.ts'

/** The most places of a ranking: each offer looks at all of them. */
const PLACES_MAX = 1000

/**
 * A ranking. An offer that gets in replaces what was offered for its key and removes the keys that it displaces, all of
 * them as far as they are observed. So of each author's offers at most k keys stand in any state: in the order of one
 * author, whatever is beyond the k best is removed with the offer that displaced it. A state holds at most k keys for
 * each replica whose offers nobody has seen together yet; the next offer that gets in removes what is beyond k again.
 */
class TopKNode extends KeyedNode<string> {
  offer(key: string, score: number, k: number): void {
    const offered = { key, score }
    const known = this.cells.get(key)
    if (known !== undefined && score <= scoreOf(known)) return
    let better = 0
    for (const [other, head] of this.cells) {
      if (other !== key && byRank({ key: other, score: scoreOf(head) }, offered) < 0) better++
    }
    if (better >= k) return
    this.context.gate.checkRoom()
    this.displace(key, k)
    this.assign(key, score, key.length + 8)
  }

  /** Removes all but the k - 1 best of the other keys. */
  private displace(offered: string, k: number): void {
    const others = this.cells.size - (this.cells.has(offered) ? 1 : 0)
    if (others < k) return
    for (const { key } of this.ranking()
      .filter(({ key }) => key !== offered)
      .slice(k - 1)) {
      const head = this.cells.get(key)
      if (head === undefined) continue
      this.drop(key, head)
      this.notify(key)
    }
  }

  private ranking(): Ranked[] {
    return Array.from(this.cells, ([key, head]) => ({ key, score: scoreOf(head) })).sort(byRank)
  }

  top(n: number): readonly Ranked[] {
    return this.ranking().slice(0, n)
  }
}

/** The greatest score that was offered for a key: concurrent offers stand side by side. */
function scoreOf(head: Dot): number {
  let best = head.value as number
  for (let dot = head.next; dot !== undefined; dot = dot.next) {
    best = Math.max(best, dot.value as number)
  }
  return best
}

function byRank(a: Ranked, b: Ranked): number {
  if (a.score !== b.score) return b.score - a.score
  return a.key < b.key ? -1 : 1
}

class LocalTopK extends LocalHandle<TopKNode, readonly Ranked[]> {
  private readonly k: number

  constructor(kind: Kind, place: Place, k: number) {
    super(kind, place)
    this.k = k
  }

  offer(key: string, score: number): void {
    checkKey(key)
    if (!Number.isFinite(score)) throw invalidValue('a score is a finite number', score)
    this.make().offer(key, score === 0 ? 0 : score, this.k)
  }

  top(n = this.k): readonly Ranked[] {
    checkOption('how many to show', n, { min: 0, max: Number.MAX_SAFE_INTEGER, whole: true })
    return this.find()?.top(Math.min(n, this.k)) ?? []
  }
}

const SHAPE = { payload: NUMBER, keys: TEXT_KEY }

/** The kind of a ranking of k places. */
export function topKKind(k: number): Kind {
  checkOption('the number of places', k, { min: 1, max: PLACES_MAX, whole: true })
  const kind: Kind = defineKind<TopKNode>({
    name: 'topK',
    args: [k],
    verbs: { offer: 'write', top: 'read' },
    zero: () => [],
    emptyWhole: () => new Map(),
    createNode: (context, parent, key) => new TopKNode(context, parent, key, SHAPE),
    read: (node) => node.top(k),
    decodeDelta: (batch) => decodeKeyedDelta(batch, TEXT_KEY, NUMBER),
    decodeWhole: (batch) => decodeKeyedWhole(batch, TEXT_KEY, NUMBER),
    local: (place) => new LocalTopK(kind, place, k),
    remote: (place) => new Remote(kind, place),
  })
  const Remote = remoteClass(kind.verbs)
  return kind
}

/** The schema of a ranking. */
export type TopKSchema = Schema<{
  readonly value: readonly Ranked[]
  readonly local: TopKHandle<'local'>
  readonly remote: TopKHandle<'remote'>
  readonly strong: TopKHandle<'strong'>
}>

/**
 * The `k` keys with the greatest scores, `k` from 1 to 1,000. The state holds `k` keys, and up to `k` more for each
 * further replica that offers concurrently, until the next offer that gets in.
 */
export function topK(k: number): TopKSchema {
  return schemaOf(topKKind(k))
}
