import { LocalHandle } from '../faces/local.ts'
import { remoteClass } from '../faces/remote.ts'
import type { FlagHandle } from '../handles.ts'
import type { Kind } from '../kind.ts'
import type { Schema } from '../schema.ts'
import { CellNode } from '../state/cell-node.ts'
import { PRESENCE, decodeCell, decodeCellDelta } from '../state/dots.ts'
import { defineKind, schemaOf } from './define.ts'

class FlagNode extends CellNode {
  read(): boolean {
    return this.head !== undefined
  }

  enable(): void {
    this.assign(undefined, 0)
  }

  disable(): void {
    this.clear()
  }
}

class LocalFlag extends LocalHandle<FlagNode, boolean> {
  enable(): void {
    this.make().enable()
  }

  disable(): void {
    this.find()?.disable()
  }
}

const FLAG: Kind = defineKind({
  name: 'flag',
  args: [],
  verbs: { enable: 'write', disable: 'write' },
  zero: () => false,
  read: (node) => (node as FlagNode).read(),
  emptyWhole: () => undefined,
  createNode: (context, parent, key) => new FlagNode(context, parent, key, PRESENCE),
  decodeDelta: (batch) => decodeCellDelta(batch, PRESENCE),
  decodeWhole: (batch) => decodeCell(batch, PRESENCE),
  local: (place) => new LocalFlag(FLAG, place),
  remote: (place) => new RemoteFlag(FLAG, place),
})
const RemoteFlag = remoteClass(FLAG.verbs)

/** The schema of a flag. */
export type FlagSchema = Schema<{
  readonly value: boolean
  readonly local: FlagHandle<'local'>
  readonly remote: FlagHandle<'remote'>
}>

/** A flag: of a concurrent `enable` and `disable`, `enable` wins. */
export function flag(): FlagSchema {
  return schemaOf(FLAG)
}
