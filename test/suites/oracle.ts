// A second opinion on what every type means. It keeps nothing but the operations, each with the set of operations its
// replica had seen, and works every value out from the definitions in types/. No states, no deltas, no dots: nothing
// that the implementation could have got wrong in the same way.
import assert from 'node:assert/strict'
import fastCheck from 'fast-check'
import { resolvePlace } from '#crdt-objects/faces/invoke.ts'
import type { Schema } from '#crdt-objects/schema.ts'
import { canonicalText } from './canonical-text.ts'
import type { HistoryWatcher } from './history.ts'
import { History, replicaId, steps } from './history.ts'
import { drawsFrom } from './operations.ts'
import { ReplicaView, type RootShape } from './replica-view.ts'
import { historiesOf, runsOf } from './runs.ts'
import { isRemoval, shapeAt, specOf } from './type-specs.ts'
import { shapeOf, type Operation, type Recorded, type Shape } from './type-spec.ts'

type Written = Omit<Recorded, 'left'> & { left: ReadonlySet<number> | undefined }

/** All operations of a history, and who has seen which. */
export class Oracle implements HistoryWatcher {
  private readonly operations: Written[] = []
  private readonly seenByReplica: Set<number>[]
  /** By replica: ids of each of its batches. */
  private readonly batches: number[][][]
  private readonly pending: number[][]
  private readonly shape: Shape
  private readonly root: RootShape
  /** By replica, until it sees more. */
  private readonly views: (ReplicaView | undefined)[]

  constructor(schema: Schema, replicas: number) {
    this.shape = shapeOf(schema)
    this.seenByReplica = Array.from({ length: replicas }, () => new Set<number>())
    this.batches = Array.from({ length: replicas }, () => [])
    this.pending = Array.from({ length: replicas }, () => [])
    this.views = Array.from({ length: replicas }, () => undefined)
    const shapeByPath = new Map<string, Shape>()
    this.root = {
      replicaId,
      shapeAt: (path) => {
        const key = JSON.stringify(path)
        const known = shapeByPath.get(key) ?? shapeAt(this.shape, path)
        shapeByPath.set(key, known)
        return known
      },
    }
  }

  wrote(replica: number, operation: Operation, timeMs: number): void {
    const view = this.view(replica)
    if (!view.isUpdate(operation)) return
    const id = this.operations.length
    const seen = this.seenByReplica[replica]!
    const shape = this.root.shapeAt(operation.path)
    this.operations.push({
      ...operation,
      id,
      replica,
      timeMs,
      past: new Set(seen),
      removal: isRemoval(operation.verb, shape),
      removed: view.removedBy(operation),
      note: specOf(shape).note?.(operation, shape, view),
      left: undefined,
    })
    this.pending[replica]!.push(id)
    this.see(replica, [id])
  }

  sealed(replica: number): void {
    const left = new Set(this.seenByReplica[replica])
    for (const id of this.pending[replica]!) this.operations[id]!.left = left
    this.views[replica] = undefined
    this.batches[replica]!.push(this.pending[replica]!)
    this.pending[replica] = []
  }

  applied(replica: number, origin: number, index: number): void {
    const seen = this.seenByReplica[replica]!
    const batch = this.batches[origin]![index]!
    for (const id of batch) {
      for (const before of this.operations[id]!.past) {
        const told = seen.has(before) || batch.includes(before)
        assert.ok(told, 'a batch was applied before what its author had seen')
      }
    }
    this.see(replica, batch)
  }

  joined(replica: number, other: number): void {
    this.see(replica, this.seenByReplica[other]!)
  }

  private see(replica: number, ids: Iterable<number>): void {
    for (const id of ids) this.seenByReplica[replica]!.add(id)
    this.views[replica] = undefined
  }

  /** What the replica must read. */
  read(replica: number): unknown {
    return this.view(replica).valueOf(this.shape, [])
  }

  /** Asserts what else the kinds say of a handle on the whole object. */
  check(replica: number, handle: object): void {
    const view = this.view(replica)
    const check = (shape: Shape, path: readonly string[]): void => {
      specOf(shape).check?.(
        resolvePlace(handle, path) as object,
        shape,
        path,
        view,
        (step, part) => {
          check(part, [...path, step])
        },
      )
    }
    check(this.shape, [])
  }

  private view(replica: number): ReplicaView {
    const seen = this.seenByReplica[replica]!
    this.views[replica] ??= new ReplicaView(
      this.operations.filter(({ id }) => seen.has(id)),
      this.root,
    )
    return this.views[replica]
  }
}

/** Compares every replica of a history with the oracle. */
export function compareAll(history: History, oracle: Oracle): void {
  for (const [replica, handle] of history.handles.entries()) {
    const { value } = handle as { value: unknown }
    assert.equal(canonicalText(value), canonicalText(oracle.read(replica)))
    oracle.check(replica, handle)
  }
}

/** Defines the comparison for one schema. */
export function describeOracle(title: string, schema: Schema): void {
  it(`${title}: every replica reads what the definitions say, after every step of ${historiesOf(title)} histories`, () => {
    fastCheck.assert(
      fastCheck.property(steps, (drawn) => {
        const replicas = 3 + (drawn.length % 3)
        const oracle = new Oracle(schema, replicas)
        const history = new History(schema, replicas, { watcher: oracle })
        for (const step of drawn) {
          history.step(drawsFrom(step))
          compareAll(history, oracle)
        }
        history.settle()
        compareAll(history, oracle)
      }),
      runsOf(title, 'oracle'),
    )
  })
}
