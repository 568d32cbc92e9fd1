import type { NodeId } from '../raft/types.ts'

/** Hashes of the objects that changed before one checkpoint, by the objects' numbers. */
export type Hashes = ReadonlyMap<number, bigint>

/** An object of which not all members have the same state. */
export interface Divergence {
  readonly object: number
  /** Those who differ from most; from the leader, where there is no majority. */
  readonly members: readonly NodeId[]
}

interface Checkpoint {
  readonly index: number
  ticks: number
  readonly hashesByMember: Map<NodeId, Hashes>
}

/** Checkpoints that wait for members to report. */
const CHECKPOINTS_MAX = 8
/** After so long, those who have reported are compared without the rest. */
const TICKS_MAX = 40

/**
 * A leader's comparison of states. All members hash what has changed at the same log indexes, so objects of which the
 * hashes differ are not functions of their calls: somebody's class used a clock, a random number or an order of its own.
 */
export class HashComparison {
  /** By index, ascending. */
  readonly #checkpoints = new Map<number, Checkpoint>()
  readonly #found = new Set<number>()
  #comparedUpTo = 0

  add(member: NodeId, index: number, hashes: Hashes): void {
    let checkpoint = this.#checkpoints.get(index)
    if (checkpoint === undefined) {
      if (index <= this.#comparedUpTo) return
      checkpoint = { index, ticks: 0, hashesByMember: new Map() }
      this.#checkpoints.set(index, checkpoint)
    }
    checkpoint.hashesByMember.set(member, hashes)
  }

  tick(): void {
    for (const checkpoint of this.#checkpoints.values()) checkpoint.ticks++
  }

  /** What the finished checkpoints show, each object once. `members`: all that are to report, `leader` among them. */
  take(members: readonly NodeId[], leader: NodeId): Divergence[] {
    const divergences: Divergence[] = []
    for (const checkpoint of this.#checkpoints.values()) {
      const { index, ticks, hashesByMember } = checkpoint
      const isComplete = members.every((member) => hashesByMember.has(member))
      const isOver = ticks >= TICKS_MAX || this.#checkpoints.size > CHECKPOINTS_MAX
      if (!isComplete && !isOver) continue
      this.#checkpoints.delete(index)
      this.#comparedUpTo = Math.max(this.#comparedUpTo, index)
      divergences.push(...this.#compare(hashesByMember, leader))
    }
    return divergences
  }

  clear(): void {
    this.#checkpoints.clear()
    this.#found.clear()
    this.#comparedUpTo = 0
  }

  #compare(hashesByMember: ReadonlyMap<NodeId, Hashes>, leader: NodeId): Divergence[] {
    const objects = new Set([...hashesByMember.values()].flatMap((hashes) => [...hashes.keys()]))
    const divergences: Divergence[] = []
    for (const object of objects) {
      const members = differing(object, hashesByMember, leader)
      if (members.length === 0 || this.#found.has(object)) continue
      this.#found.add(object)
      divergences.push({ object, members })
    }
    return divergences
  }
}

/** A member that was not told of an object (it restarted, or took a snapshot, since the last checkpoint) has no say. */
function differing(
  object: number,
  hashesByMember: ReadonlyMap<NodeId, Hashes>,
  leader: NodeId,
): NodeId[] {
  const membersByHash = new Map<bigint, NodeId[]>()
  for (const [member, hashes] of hashesByMember) {
    const hash = hashes.get(object)
    if (hash === undefined) continue
    const members = membersByHash.get(hash)
    if (members === undefined) membersByHash.set(hash, [member])
    else members.push(member)
  }
  if (membersByHash.size < 2) return []
  const groups = [...membersByHash.values()].sort(
    (a, b) => b.length - a.length || Number(b.includes(leader)) - Number(a.includes(leader)),
  )
  return groups
    .slice(1)
    .flat()
    .sort((a, b) => a - b)
}
