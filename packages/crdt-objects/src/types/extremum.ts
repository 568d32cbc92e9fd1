import { invalidValue } from '../errors.ts'
import { LocalHandle } from '../faces/local.ts'
import { remoteClass } from '../faces/remote.ts'
import type { ExtremumHandle } from '../handles.ts'
import type { Kind } from '../kind.ts'
import type { Schema } from '../schema.ts'
import { CellNode } from '../state/cell-node.ts'
import type { ReplicaContext } from '../state/context.ts'
import { NUMBER, decodeCell, decodeCellDelta } from '../state/dots.ts'
import type { Parent } from '../state/node.ts'
import { defineKind, schemaOf } from './define.ts'

type Better = (a: number, b: number) => boolean

/** Keeps the best offer. Dots, not a bare number, so that it can be removed from a map like all else. */
class ExtremumNode extends CellNode {
  private readonly isBetter: Better

  constructor(context: ReplicaContext, parent: Parent, key: string, isBetter: Better) {
    super(context, parent, key, NUMBER)
    this.isBetter = isBetter
  }

  read(): number | undefined {
    let best = this.head?.value as number | undefined
    for (let dot = this.head; dot !== undefined; dot = dot.next) {
      const value = dot.value as number
      if (best === undefined || this.isBetter(value, best)) best = value
    }
    return best
  }

  offer(value: number): void {
    const best = this.read()
    if (best === undefined || this.isBetter(value, best)) this.assign(value, 8)
  }
}

class LocalExtremum extends LocalHandle<ExtremumNode, number | undefined> {
  offer(n: number): void {
    if (!Number.isFinite(n)) throw invalidValue('an offer is a finite number', n)
    this.make().offer(n === 0 ? 0 : n)
  }
}

function extremumKind(name: string, isBetter: Better): Kind {
  const kind: Kind = defineKind<ExtremumNode>({
    name,
    args: [],
    verbs: { offer: 'write' },
    zero: () => undefined,
    read: (node) => node.read(),
    emptyWhole: () => undefined,
    createNode: (context, parent, key) => new ExtremumNode(context, parent, key, isBetter),
    decodeDelta: (batch) => decodeCellDelta(batch, NUMBER),
    decodeWhole: (batch) => decodeCell(batch, NUMBER),
    local: (place) => new LocalExtremum(kind, place),
    remote: (place) => new Remote(kind, place),
  })
  const Remote = remoteClass(kind.verbs)
  return kind
}

const MAX = extremumKind('max', (a, b) => a > b)
const MIN = extremumKind('min', (a, b) => a < b)

/** The schema of a greatest or smallest number. */
export type ExtremumSchema = Schema<{
  readonly value: number | undefined
  readonly local: ExtremumHandle<'local'>
  readonly remote: ExtremumHandle<'remote'>
  readonly strong: ExtremumHandle<'strong'>
}>

/** The greatest number offered. An offer that is no greater than what is seen here is no update. */
export function max(): ExtremumSchema {
  return schemaOf(MAX)
}

/** The smallest number offered. An offer that is no smaller than what is seen here is no update. */
export function min(): ExtremumSchema {
  return schemaOf(MIN)
}
