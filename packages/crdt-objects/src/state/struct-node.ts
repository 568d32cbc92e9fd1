import type { BatchWriter } from '../codec/batch-writer.ts'
import type { Kind } from '../kind.ts'
import type { KindIdentity } from '../kind-identity.ts'
import { BranchNode } from './branch-node.ts'
import type { ReplicaContext } from './context.ts'
import type { Node, Parent } from './node.ts'

/** A field as others know it. */
export interface WireField {
  readonly name: string
  readonly kind: Kind
}

/**
 * The fields of a struct, in the order of their slots, which is how the wire numbers them.
 *
 * A slot is a field's name and the family of its kind. So whatever two schemas say, their union exists: fields that one
 * of them lacks stand beside the others, and a name that they give to different kinds stands for two slots, neither
 * reinterpreted. Which of these a reader sees is the business of its schema.
 */
export class FieldTable {
  readonly slots: readonly string[]
  private readonly fieldBySlot: ReadonlyMap<string, WireField>
  private readonly rowBySlot: ReadonlyMap<string, number>

  constructor(fields: readonly WireField[]) {
    this.fieldBySlot = new Map(fields.map((field) => [slotOf(field), field]))
    this.slots = [...this.fieldBySlot.keys()].sort()
    this.rowBySlot = new Map(this.slots.map((slot, row) => [slot, row]))
  }

  field(slot: string): WireField | undefined {
    return this.fieldBySlot.get(slot)
  }

  /** The fields, in the order of their slots. */
  get fields(): readonly WireField[] {
    return this.slots.map((slot) => this.known(slot))
  }

  known(slot: string): WireField {
    const field = this.fieldBySlot.get(slot)
    if (field === undefined) throw new Error('a slot that no schema of the object has')
    return field
  }

  row(slot: string): number {
    const row = this.rowBySlot.get(slot)
    if (row === undefined) throw new Error('a slot that no schema of the object has')
    return row
  }
}

/** Where a field's state is kept. No name holds a line break behind which a family could stand: families are JSON. */
export function slotOf({ name, kind }: WireField): string {
  return `${name}\n${kind.family}`
}

/** A kind with fields. */
export interface StructKind extends Kind {
  readonly table: FieldTable
}

/** A struct: a node for each slot that anything was ever written in. */
export class StructNode extends BranchNode {
  private table: FieldTable

  constructor(context: ReplicaContext, parent: Parent, key: string, table: FieldTable) {
    super(context, parent, key)
    this.table = table
  }

  override widen(kind: KindIdentity): void {
    this.table = (kind as StructKind).table
    for (const child of this.allChildren()) child.widen(this.table.known(child.key).kind)
  }

  override step(slot: string): string {
    return this.table.known(slot).name
  }

  protected createChild(slot: string): Node {
    return this.table.known(slot).kind.createNode(this.context, this, slot)
  }

  protected encodeKey(batch: BatchWriter, slot: string): void {
    batch.body.varint(this.table.row(slot))
  }

  protected keyBytes(): number {
    return 1
  }

  protected emptyWhole(slot: string): unknown {
    return this.table.known(slot).kind.emptyWhole()
  }
}
