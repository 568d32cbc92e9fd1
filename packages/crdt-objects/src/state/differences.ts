import { isSameReading } from '../codec/same-reading.ts'
import type { Branching, Kind } from '../kind.ts'
import type { BranchNode } from './branch-node.ts'
import type { Node } from './node.ts'

type Path = readonly string[]

const NOWHERE: readonly Path[] = []
const WHOLE: readonly Path[] = [[]]
const UNREADABLE = Symbol('unreadable')

/**
 * Where two places of a kind, in two replicas, read differently: paths below them, none where they read the same.
 * Undefined stands for a place where nothing is kept.
 */
export function differencesOf(
  kind: Kind,
  a: Node | undefined,
  b: Node | undefined,
): readonly Path[] {
  const { branching } = kind
  if (branching === undefined) {
    return isSameReading(readingOf(kind, a), readingOf(kind, b)) ? NOWHERE : WHOLE
  }
  const [first, second] = [a, b] as [BranchNode | undefined, BranchNode | undefined]
  const nodes = [...(first?.allChildren() ?? []), ...(second?.allChildren() ?? [])]
  const keys = new Set(nodes.map(({ key }) => key))
  return [...keys].flatMap((key) => {
    const below = differencesBelow(branching, key, [first?.child(key), second?.child(key)])
    return below.map((path) => [branching.step(key), ...path])
  })
}

function differencesBelow(
  branching: Branching,
  key: string,
  [a, b]: readonly [Node | undefined, Node | undefined],
): readonly Path[] {
  // An entry may be there and read as one that is not.
  if (branching.removes && (a?.present === true) !== (b?.present === true)) return WHOLE
  return differencesOf(branching.kindAt(key), a, b)
}

/** What cannot be read is like what cannot be read. */
function readingOf(kind: Kind, node: Node | undefined): unknown {
  try {
    if (kind.reading !== undefined) return kind.reading(node)
    return node === undefined ? kind.zero() : kind.read(node)
  } catch {
    return UNREADABLE
  }
}
