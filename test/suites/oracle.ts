// A second opinion on what every type means. It keeps nothing but the operations, each with the set of operations its
// replica had seen, and works every value out from the definitions. No states, no deltas, no dots: nothing that the
// implementation could have got wrong in the same way.
import assert from 'node:assert/strict'
import fastCheck from 'fast-check'
import type { Schema } from '#crdt-objects/schema.ts'
import type { HistoryWatcher } from './history.ts'
import { History, replicaId, steps } from './history.ts'
import { canonicalText } from './laws.ts'
import { drawsFrom, entryOf, fieldsOf, type Operation, type Shape } from './operations.ts'

interface Recorded extends Operation {
  readonly id: number
  readonly replica: number
  readonly timeMs: number
  /** Ids of the operations that its replica had seen. */
  readonly past: ReadonlySet<number>
}

/** All operations of a history, and who has seen which. */
export class Oracle implements HistoryWatcher {
  private readonly operations: Recorded[] = []
  private readonly seenByReplica: Set<number>[]
  /** By replica: ids of each of its batches. */
  private readonly batches: number[][][]
  private readonly pending: number[][]
  private readonly shape: Shape

  constructor(schema: Schema, replicas: number) {
    this.shape = JSON.parse(schema.kind.descriptor) as Shape
    this.seenByReplica = Array.from({ length: replicas }, () => new Set<number>())
    this.batches = Array.from({ length: replicas }, () => [])
    this.pending = Array.from({ length: replicas }, () => [])
  }

  wrote(replica: number, operation: Operation, timeMs: number): void {
    const seen = this.seenByReplica[replica]!
    if (!this.isUpdate(replica, operation)) return
    const id = this.operations.length
    this.operations.push({ ...operation, id, replica, timeMs, past: new Set(seen) })
    seen.add(id)
    this.pending[replica]!.push(id)
  }

  /** An offer that does not improve on what is seen is none; nor is a removal of what is not there. */
  private isUpdate(replica: number, operation: Operation): boolean {
    const { path, verb, args } = operation
    if (removals.has(verb)) {
      const visible = this.visible(replica)
      return visible.some(
        (write) =>
          removes(operation, write) && standing(write.path, visible).some((one) => one === write),
      )
    }
    if (verb !== 'offer') return true
    const shape = shapeAt(this.shape, path)
    const best = this.valueAt(shape, path, this.visible(replica)) as number | undefined
    const offer = args[0] as number
    return best === undefined || (shape[0] === 'max' ? offer > best : offer < best)
  }

  sealed(replica: number): void {
    this.batches[replica]!.push(this.pending[replica]!)
    this.pending[replica] = []
  }

  applied(replica: number, origin: number, index: number): void {
    const seen = this.seenByReplica[replica]!
    const batch = this.batches[origin]![index]!
    for (const id of batch) {
      for (const before of this.operations[id]!.past) {
        assert.ok(seen.has(before), 'a batch was applied before what its author had seen')
      }
      seen.add(id)
    }
  }

  joined(replica: number, other: number): void {
    for (const id of this.seenByReplica[other]!) this.seenByReplica[replica]!.add(id)
  }

  /** What the replica must read. */
  read(replica: number): unknown {
    return this.valueAt(this.shape, [], this.visible(replica))
  }

  private visible(replica: number): Recorded[] {
    return this.operations.filter(({ id }) => this.seenByReplica[replica]!.has(id))
  }

  private valueAt(shape: Shape, path: readonly string[], visible: readonly Recorded[]): unknown {
    const here = standing(path, visible)
    switch (shape[0]) {
      case 'counter':
        return here.reduce((sum, { verb, args }) => {
          const amount = (args[0] as number | undefined) ?? 1
          return verb === 'add' ? sum + amount : sum - amount
        }, 0)
      case 'max':
      case 'min': {
        const offers = here.map(({ args }) => args[0] as number)
        if (offers.length === 0) return undefined
        return shape[0] === 'max' ? Math.max(...offers) : Math.min(...offers)
      }
      case 'flag':
        return here.some(({ verb }) => verb === 'enable')
      case 'register':
        return here.length === 0 ? initialOf(shape) : lastWritten(here).args[0]
      case 'set':
        return elementsOf(here)
      case 'struct':
        return Object.fromEntries(
          fieldsOf(shape).map(([name, field]) => [
            name,
            this.valueAt(field, [...path, name], visible),
          ]),
        )
      default:
        return this.mapAt(entryOf(shape), path, visible)
    }
  }

  private mapAt(
    entry: Shape | undefined,
    path: readonly string[],
    visible: readonly Recorded[],
  ): Map<string, unknown> {
    const value = new Map<string, unknown>()
    if (entry === undefined) {
      const sets = standing(path, visible).filter(({ verb }) => verb === 'set')
      for (const key of new Set(sets.map(({ args }) => args[0] as string))) {
        value.set(key, lastWritten(sets.filter(({ args }) => args[0] === key)).args[1])
      }
      return value
    }
    const below = visible.filter((operation) => isBelow(operation.path, path))
    for (const key of new Set(below.map((operation) => operation.path[path.length]!))) {
      const place = [...path, key]
      if (isThere(entry, place, visible)) value.set(key, this.valueAt(entry, place, visible))
    }
    return value
  }

  /** The losing values of a register: written, not removed, and not seen by a later write. Latest first. */
  conflicts(replica: number): unknown[] {
    const here = standing([], this.visible(replica)).filter(({ verb }) => verb === 'set')
    const open = here.filter(({ id }) => !here.some(({ past }) => past.has(id)))
    return open
      .sort(byTime)
      .slice(1)
      .map(({ args }) => args[0])
  }
}

/** Whether something in an entry stands. */
function isThere(shape: Shape, path: readonly string[], visible: readonly Recorded[]): boolean {
  if (shape[0] === 'struct') {
    return fieldsOf(shape).some(([name, field]) => isThere(field, [...path, name], visible))
  }
  const entry = shape[0] === 'map' ? entryOf(shape) : undefined
  if (entry !== undefined) {
    const below = visible.filter((operation) => isBelow(operation.path, path))
    return below.some((operation) =>
      isThere(entry, [...path, operation.path[path.length]!], visible),
    )
  }
  return standing(path, visible).length > 0
}

const removals = new Set(['delete', 'clear', 'disable'])

/** The writes at exactly this place that no visible removal had seen. */
function standing(path: readonly string[], visible: readonly Recorded[]): Recorded[] {
  return visible.filter(
    (write) =>
      !removals.has(write.verb) &&
      samePath(write.path, path) &&
      !visible.some((removal) => removal.past.has(write.id) && removes(removal, write)),
  )
}

function removes(removal: Operation, write: Operation): boolean {
  if (!removals.has(removal.verb) || removals.has(write.verb)) return false
  if (!startsWith(write.path, removal.path)) return false
  if (removal.verb !== 'delete') return true
  const deeper = write.path.length > removal.path.length
  // In a map of objects the key is a step of the path; in a set or map of values, the first argument.
  if (deeper) return write.path[removal.path.length] === removal.args[0]
  return canonicalText(write.args[0]) === canonicalText(removal.args[0])
}

function elementsOf(adds: readonly Recorded[]): Set<unknown> {
  const elementByText = new Map(adds.map(({ args }) => [canonicalText(args[0]), args[0]]))
  return new Set(elementByText.values())
}

function byTime(a: Recorded, b: Recorded): number {
  if (a.timeMs !== b.timeMs) return b.timeMs - a.timeMs
  return replicaId(a.replica) > replicaId(b.replica) ? -1 : 1
}

function lastWritten(writes: readonly Recorded[]): Recorded {
  return [...writes].sort(byTime)[0]!
}

function initialOf(shape: Shape): unknown {
  // The only initial value in the schemas of the suite.
  return shape.length > 1 ? 'untitled' : undefined
}

function shapeAt(shape: Shape, path: readonly string[]): Shape {
  const [step, ...rest] = path
  if (step === undefined) return shape
  const below = shape[0] === 'struct' ? new Map(fieldsOf(shape)).get(step)! : entryOf(shape)!
  return shapeAt(below, rest)
}

function startsWith(path: readonly string[], prefix: readonly string[]): boolean {
  return prefix.every((step, index) => path[index] === step)
}

function isBelow(path: readonly string[], above: readonly string[]): boolean {
  return path.length > above.length && startsWith(path, above)
}

function samePath(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && startsWith(a, b)
}

/** Defines the comparison for one schema. */
export function describeOracle(title: string, schema: Schema): void {
  it(`${title}: every replica reads what the definitions say, after every step`, () => {
    fastCheck.assert(
      fastCheck.property(steps, (drawn) => {
        const replicas = 3 + (drawn.length % 3)
        const oracle = new Oracle(schema, replicas)
        const history = new History(schema, replicas, oracle)
        const compare = (): void => {
          for (const [replica, handle] of history.handles.entries()) {
            const { value } = handle as { value: unknown }
            assert.equal(canonicalText(value), canonicalText(oracle.read(replica)))
            if (schema.kind.name === 'register') {
              const { conflicts } = handle as { conflicts(): unknown[] }
              assert.deepEqual(conflicts.call(handle), oracle.conflicts(replica))
            }
          }
        }
        for (const step of drawn) {
          history.step(drawsFrom(step))
          compare()
        }
        history.settle()
        compare()
      }),
    )
  })
}
