import type { BatchWriter } from '../codec/batch-writer.ts'
import type { Branch } from '../faces/place.ts'
import type { Fold, Incoming, Parent } from './node.ts'
import { Node } from './node.ts'
import type { Reissue } from './reissue.ts'

/** What a branch reads of a delta or a state: by child key, the child's own. */
export interface Children extends Iterable<readonly [string, unknown]> {
  has(key: string): boolean
  forEach(visit: (part: unknown, key: string) => void): void
}

/** Up to here children are looked through: a hash table takes more memory than all the rest of a small struct. */
const SCANNED_MAX = 8

const NONE: readonly Node[] = []

/** A place whose entries are places: maps of objects, and structs. */
export abstract class BranchNode extends Node<Children, Children> implements Branch, Parent {
  /** All children while they are few, in an array without room for more. */
  private few = NONE
  /** By key, once they are many; `few` is empty then. */
  private many: Map<string, Node> | undefined
  /** Children with a delta. Invariant: exactly those whose `dirty` is true. */
  private dirtyChildren: Node[] | undefined
  /** Invariant: the number of children whose `present` is true. */
  protected presentCount = 0

  protected abstract createChild(key: string): Node
  protected abstract encodeKey(batch: BatchWriter, key: string): void
  /** Roughly what a child's key takes in a batch. */
  protected abstract keyBytes(key: string): number

  child(key: string): Node | undefined {
    if (this.many !== undefined) return this.many.get(key)
    for (const child of this.few) if (child.key === key) return child
    return undefined
  }

  makeChild(key: string): Node {
    const known = this.child(key)
    if (known !== undefined) return known
    const child = this.createChild(key)
    if (this.many !== undefined) this.many.set(key, child)
    else if (this.few.length < SCANNED_MAX) this.few = this.few.concat(child)
    else {
      this.many = new Map([...this.few, child].map((each) => [each.key, each]))
      this.few = NONE
    }
    return child
  }

  /** In the order of making. */
  allChildren(): Iterable<Node> {
    return this.many?.values() ?? this.few
  }

  childDirty(child: Node): void {
    if (this.dirtyChildren === undefined) this.dirtyChildren = [child]
    else this.dirtyChildren.push(child)
    this.markDirty(this.keyBytes(child.key))
  }

  step(key: string): string {
    return key
  }

  childPresence(present: boolean): void {
    this.presentCount += present ? 1 : -1
    this.refreshPresence()
  }

  protected isPresent(): boolean {
    return this.presentCount > 0
  }

  isVacant(): boolean {
    for (const child of this.allChildren()) if (child.dirty || !child.isVacant()) return false
    return true
  }

  reset(): void {
    for (const child of this.allChildren()) if (child.present) child.reset()
  }

  resetBytes(): number {
    let bytes = 0
    for (const child of this.allChildren()) {
      if (child.present) bytes += this.keyBytes(child.key) + child.resetBytes()
    }
    return bytes
  }

  encodeDelta(batch: BatchWriter): void {
    const dirty = this.dirtyChildren ?? NONE
    batch.body.varint(dirty.length)
    for (const child of dirty) {
      this.encodeKey(batch, child.key)
      child.encodeDelta(batch)
    }
  }

  protected clearDelta(): void {
    const sealed = this.dirtyChildren
    if (sealed === undefined) return
    this.dirtyChildren = undefined
    for (const child of sealed) {
      child.sealed()
      this.release(child)
    }
  }

  /** Lets go of a child that keeps nothing. */
  release(child: Node): void {
    if (child.dirty || !child.isVacant()) return
    child.detach()
    if (this.many === undefined) this.few = this.few.filter((each) => each !== child)
    else this.many.delete(child.key)
  }

  override detach(): void {
    super.detach()
    // A handle may have kept a node further down: it must not write where nobody looks.
    for (const child of this.allChildren()) child.detach()
    // Nor keep all that was below it.
    this.few = NONE
    this.many = undefined
  }

  apply(delta: Children, incoming: Incoming): void {
    delta.forEach((part, key) => {
      const child = this.makeChild(key)
      child.apply(part, incoming)
      this.release(child)
    })
  }

  reissue(delta: Children, again: Reissue): boolean {
    let isWhole = true
    delta.forEach((part, key) => {
      const child = this.makeChild(key)
      if (!child.reissue(part, again)) isWhole = false
      this.release(child)
    })
    return isWhole
  }

  encodeWhole(batch: BatchWriter): void {
    const kept = Array.from(this.allChildren()).filter((child) => !child.isVacant())
    if (batch.canonical) kept.sort((a, b) => (a.key < b.key ? -1 : 1))
    batch.body.varint(kept.length)
    for (const child of kept) {
      this.encodeKey(batch, child.key)
      child.encodeWhole(batch)
    }
  }

  /** What an absent child's state is: a state says nothing of what it has nothing of. */
  protected abstract emptyWhole(key: string): unknown

  join(whole: Children, incoming: Incoming): void {
    // Letting go of a child leaves the others where they are: the array of few is another one then.
    for (const child of this.allChildren()) {
      if (whole.has(child.key)) continue
      child.join(this.emptyWhole(child.key), incoming)
      this.release(child)
    }
    for (const [key, part] of whole) {
      const child = this.makeChild(key)
      child.join(part, incoming)
      this.release(child)
    }
  }

  override fold(fold: Fold): void {
    // Letting go of a child leaves the others where they are: see above.
    for (const child of this.allChildren()) {
      child.fold(fold)
      this.release(child)
    }
  }

  override trim(epoch: number): void {
    for (const child of this.allChildren()) {
      child.trim(epoch)
      this.release(child)
    }
  }

  visitReplicas(visit: (index: number) => void): void {
    for (const child of this.allChildren()) child.visitReplicas(visit)
  }
}
