import { isRemoval, specOf } from './type-specs.ts'
import type { Operation, Recorded, Shape, View } from './type-spec.ts'

/** What a replica sees when exactly these operations have reached it. */
export class ReplicaView implements View {
  readonly visible: readonly Recorded[]
  private readonly removed = new Set<number>()
  private readonly root: RootShape

  constructor(visible: readonly Recorded[], root: RootShape) {
    this.visible = visible
    this.root = root
    for (const { removed } of visible) for (const id of removed) this.removed.add(id)
  }

  written(path: readonly string[]): readonly Recorded[] {
    return this.visible.filter((one) => !one.removal && samePath(one.path, path))
  }

  standing(path: readonly string[]): readonly Recorded[] {
    return this.written(path).filter((write) => this.isStanding(write))
  }

  isStanding(write: Recorded): boolean {
    return !this.removed.has(write.id)
  }

  valueOf(shape: Shape, path: readonly string[]): unknown {
    return specOf(shape).value(shape, path, this)
  }

  isThere(shape: Shape, path: readonly string[]): boolean {
    const spec = specOf(shape)
    return spec.isThere?.(shape, path, this) ?? this.standing(path).length > 0
  }

  replicaId(replica: number): bigint {
    return this.root.replicaId(replica)
  }

  order(a: Recorded, b: Recorded): number {
    if (a.timeMs !== b.timeMs) return a.timeMs - b.timeMs
    return this.replicaId(a.replica) > this.replicaId(b.replica) ? 1 : -1
  }

  /** Ids of the writes that an operation removes, if it is carried out by who sees this. */
  removedBy(operation: Operation): ReadonlySet<number> {
    const shape = this.root.shapeAt(operation.path)
    if (!isRemoval(operation.verb, shape)) return new Set()
    const { removes } = specOf(shape)
    const taken = this.visible.filter(
      (write) =>
        !write.removal &&
        startsWith(write.path, operation.path) &&
        (removes?.(operation, write, shape) ?? true) &&
        this.isWithinReach(write, operation),
    )
    return new Set(taken.map(({ id }) => id))
  }

  /** A removal further up takes what is there: where nothing is, a flag may still keep that it must not be enabled. */
  private isWithinReach({ path }: Recorded, removal: Operation): boolean {
    if (path.length === removal.path.length) return true
    return this.isThere(this.root.shapeAt(path), path)
  }

  /** Whether an operation changes anything, or is at least sent to others. */
  isUpdate(operation: Operation): boolean {
    const shape = this.root.shapeAt(operation.path)
    const { isUpdate } = specOf(shape)
    if (isUpdate !== undefined) return isUpdate(operation, shape, this)
    if (!isRemoval(operation.verb, shape)) return true
    return [...this.removedBy(operation)].some((id) => !this.removed.has(id))
  }
}

/** What all replicas know of the object. */
export interface RootShape {
  shapeAt(path: readonly string[]): Shape
  replicaId(replica: number): bigint
}

function startsWith(path: readonly string[], prefix: readonly string[]): boolean {
  return prefix.every((step, index) => path[index] === step)
}

function samePath(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && startsWith(a, b)
}
