import { invalidValue } from '../errors.ts'
import { LocalHandle } from '../faces/local.ts'
import { remoteFaces } from '../faces/remote.ts'
import type { FlagHandle } from '../handles.ts'
import type { Kind } from '../kind.ts'
import type { Schema } from '../schema.ts'
import { checkOptions } from '../options.ts'
import { CellNode } from '../state/cell-node.ts'
import type { ReplicaContext } from '../state/context.ts'
import { BOOLEAN, PRESENCE, decodeCell, decodeCellDelta, isUnanimous } from '../state/dots.ts'
import type { Payload } from '../state/dots.ts'
import type { Parent } from '../state/node.ts'
import { defineKind, schemaOf } from './define.ts'

abstract class FlagNode extends CellNode {
  read(): boolean {
    return this.isPresent()
  }

  abstract enable(): void
  abstract disable(): void
}

/** Each `enable` is a dot, which a `disable` removes: what it has not seen stands. */
class EnableWinsNode extends FlagNode {
  enable(): void {
    this.assign(undefined, 0)
  }

  disable(): void {
    this.clear()
  }
}

/**
 * `enable` and `disable` are dots, yes and no, each in place of what it has seen: one that says no is enough. The price
 * is that the no of a disabled flag is kept; it is what a concurrent `enable` must meet.
 */
class DisableWinsNode extends FlagNode {
  protected override isPresent(): boolean {
    return isUnanimous(this.head)
  }

  enable(): void {
    this.assign(true, 1)
  }

  disable(): void {
    if (this.present) this.assign(false, 1, true)
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

function compareAndSet(flag: LocalFlag, [expected, value]: readonly unknown[]): boolean {
  for (const each of [expected, value]) {
    if (typeof each !== 'boolean') throw invalidValue('a flag is true or false', each)
  }
  const is = flag.value === expected
  if (is && value === true) flag.enable()
  else if (is) flag.disable()
  return is
}

type FlagNodeClass = new (
  context: ReplicaContext,
  parent: Parent,
  key: string,
  payload: Payload,
) => FlagNode

function flagKind(
  args: readonly string[],
  text: string,
  node: FlagNodeClass,
  payload: Payload,
): Kind {
  const kind: Kind = defineKind<FlagNode>({
    name: 'flag',
    args,
    text,
    verbs: { enable: 'write', disable: 'write' },
    conditional: { compareAndSet },
    zero: () => false,
    read: (place) => place.read(),
    emptyWhole: () => undefined,
    createNode: (context, parent, key) => new node(context, parent, key, payload),
    decodeDelta: (batch) => decodeCellDelta(batch, payload),
    decodeWhole: (batch) => decodeCell(batch, payload),
    local: (place) => new LocalFlag(kind, place),
    remote: (place) => remoteFace(place),
  })
  const remoteFace = remoteFaces(kind)
  return kind
}

const ENABLE_WINS = flagKind([], 'flag()', EnableWinsNode, PRESENCE)
/** The kind of a flag whose `disable` wins. */
export const DISABLE_WINS = flagKind(
  ['disable'],
  "flag({ wins: 'disable' })",
  DisableWinsNode,
  BOOLEAN,
)

/** The schema of a flag. */
export type FlagSchema = Schema<{
  readonly value: boolean
  readonly local: FlagHandle<'local'>
  readonly remote: FlagHandle<'remote'>
  readonly strong: FlagHandle<'strong'>
}>

/**
 * A flag: of a concurrent `enable` and `disable`, `enable` wins, or `disable` where `wins` says so. A `disable` of what
 * is not enabled here is no update. Where `disable` wins, a disabled flag keeps a few bytes.
 */
export function flag(options: { readonly wins?: 'enable' | 'disable' } = {}): FlagSchema {
  checkOptions('a flag', options, ['wins'])
  const { wins = 'enable' } = options
  if (wins === 'enable') return schemaOf(ENABLE_WINS)
  if (wins === 'disable') return schemaOf(DISABLE_WINS)
  throw invalidValue("of a flag, 'enable' or 'disable' wins", wins)
}
