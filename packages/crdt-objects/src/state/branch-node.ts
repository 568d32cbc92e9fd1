import type { BatchWriter } from '../codec/batch-writer.ts'
import type { Branch } from '../faces/place.ts'
import type { Incoming, Parent } from './node.ts'
import { Node } from './node.ts'

/** What a branch reads of a delta or a state: by child key, the child's own. */
export type Children = ReadonlyMap<string, unknown>

/** A place whose entries are places: maps of objects, and structs. */
export abstract class BranchNode extends Node<Children, Children> implements Branch, Parent {
  protected readonly children = new Map<string, Node>()
  /** Children with a delta. Invariant: exactly those whose `dirty` is true. */
  private dirtyChildren: Node[] = []
  /** Invariant: the number of children whose `present` is true. */
  protected presentCount = 0

  protected abstract createChild(key: string): Node
  protected abstract encodeKey(batch: BatchWriter, key: string): void
  /** Roughly what a child's key takes in a batch. */
  protected abstract keyBytes(key: string): number

  child(key: string): Node | undefined {
    return this.children.get(key)
  }

  makeChild(key: string): Node {
    let child = this.children.get(key)
    if (child === undefined) {
      child = this.createChild(key)
      this.children.set(key, child)
    }
    return child
  }

  childDirty(child: Node): void {
    this.dirtyChildren.push(child)
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
    for (const child of this.children.values()) if (child.dirty || !child.isVacant()) return false
    return true
  }

  reset(): void {
    for (const child of this.children.values()) if (child.present) child.reset()
  }

  resetBytes(): number {
    let bytes = 0
    for (const child of this.children.values()) {
      if (child.present) bytes += this.keyBytes(child.key) + child.resetBytes()
    }
    return bytes
  }

  encodeDelta(batch: BatchWriter): void {
    batch.body.varint(this.dirtyChildren.length)
    for (const child of this.dirtyChildren) {
      this.encodeKey(batch, child.key.slice(1))
      child.encodeDelta(batch)
    }
  }

  protected clearDelta(): void {
    const sealed = this.dirtyChildren
    this.dirtyChildren = []
    for (const child of sealed) {
      child.sealed()
      this.release(child)
    }
  }

  /** Lets go of a child that keeps nothing. */
  protected release(child: Node): void {
    if (child.dirty || !child.isVacant()) return
    child.detach()
    this.children.delete(child.key.slice(1))
  }

  override detach(): void {
    super.detach()
    // A handle may have kept a node further down: it must not write where nobody looks.
    for (const child of this.children.values()) child.detach()
  }

  apply(delta: Children, incoming: Incoming): void {
    for (const [key, part] of delta) {
      const child = this.makeChild(key)
      child.apply(part, incoming)
      this.release(child)
    }
  }

  encodeWhole(batch: BatchWriter): void {
    const kept = [...this.children.values()].filter((child) => !child.isVacant())
    batch.body.varint(kept.length)
    for (const child of kept) {
      this.encodeKey(batch, child.key.slice(1))
      child.encodeWhole(batch)
    }
  }

  /** What an absent child's state is: a state says nothing of what it has nothing of. */
  protected abstract emptyWhole(key: string): unknown

  join(whole: Children, incoming: Incoming): void {
    for (const [key, child] of this.children) {
      if (whole.has(key)) continue
      child.join(this.emptyWhole(key), incoming)
      this.release(child)
    }
    for (const [key, part] of whole) {
      const child = this.makeChild(key)
      child.join(part, incoming)
      this.release(child)
    }
  }
}
