import { isEqual } from '../codec/canonical.ts'
import { decodeHex, encodeHex } from '../codec/hex.ts'
import { Reader } from '../codec/reader.ts'
import type { Owned } from '../codec/snapshot.ts'
import { own, snapshot } from '../codec/snapshot.ts'
import { decodeValue, valueBytes } from '../codec/value.ts'
import { LocalHandle } from '../faces/local.ts'
import type { Place } from '../faces/place.ts'
import { remoteFaces } from '../faces/remote.ts'
import type { RegisterHandle } from '../handles.ts'
import type { Kind } from '../kind.ts'
import { checkOptions } from '../options.ts'
import type { Schema } from '../schema.ts'
import { CellNode } from '../state/cell-node.ts'
import type { ReplicaContext } from '../state/context.ts'
import type { Dot } from '../state/dots.ts'
import { STAMPED_VALUE, decodeCell, decodeCellDelta, isLater, winner } from '../state/dots.ts'
import type { Parent } from '../state/node.ts'
import type { Check, Validator } from '../validator.ts'
import { checkOf } from '../validator.ts'
import { defineKind, schemaOf, valueText } from './define.ts'
import type { Shareable } from './shareable.ts'

class RegisterNode extends CellNode {
  private readonly initial: unknown

  constructor(context: ReplicaContext, parent: Parent, key: string, initial: unknown) {
    super(context, parent, key, STAMPED_VALUE)
    this.initial = initial
  }

  read(): unknown {
    return snapshot(this.head === undefined ? this.initial : winner(this.context, this.head).value)
  }

  set(owned: Owned): void {
    this.assign(owned.value, owned.bytes)
  }

  conflicts(): readonly unknown[] {
    if (this.head === undefined) return []
    const first = winner(this.context, this.head)
    const losers: Dot[] = []
    for (let dot: Dot | undefined = this.head; dot !== undefined; dot = dot.next) {
      if (dot !== first) losers.push(dot)
    }
    losers.sort((a, b) => (isLater(this.context, a, b) ? -1 : 1))
    return losers.map((dot) => snapshot(dot.value))
  }
}

class LocalRegister extends LocalHandle<RegisterNode, unknown> {
  private readonly check: Check | undefined

  constructor(kind: Kind, place: Place, check: Check | undefined) {
    super(kind, place)
    this.check = check
  }

  set(value: unknown): void {
    // Checked before a node is made: a refused value leaves nothing behind.
    const owned = own(value)
    this.check?.(snapshot(owned.value))
    this.make().set(owned)
  }

  conflicts(): readonly unknown[] {
    return this.find()?.conflicts() ?? []
  }
}

function decodeInitial(hex: string): unknown {
  const reader = new Reader(decodeHex(hex))
  const initial = decodeValue(reader)
  reader.end()
  return initial
}

/** The kind of a register; the initial value is part of the schema, as hex of its encoding. A check leaves no trace. */
export function registerKind(initialHex: string | undefined, check?: Check): Kind {
  const initial = initialHex === undefined ? undefined : decodeInitial(initialHex)
  const kind: Kind = defineKind<RegisterNode>({
    name: 'register',
    args: initialHex === undefined ? [] : [initialHex],
    text: initialHex === undefined ? 'register()' : `register({ initial: ${valueText(initial)} })`,
    validates: check !== undefined,
    verbs: { set: 'write', conflicts: 'read' },
    conditional: {
      compareAndSet: (register: LocalRegister, [expected, value]) => {
        const is = isEqual(register.value, expected)
        if (is) register.set(value)
        return is
      },
      getAndSet: (register: LocalRegister, [value]) => {
        const before = register.value
        register.set(value)
        return before
      },
    },
    zero: () => snapshot(initial),
    read: (node) => node.read(),
    reading: (node) => (node === undefined ? [initial] : [node.read(), ...node.conflicts()]),
    emptyWhole: () => undefined,
    createNode: (context, parent, key) => new RegisterNode(context, parent, key, initial),
    decodeDelta: (batch) => decodeCellDelta(batch, STAMPED_VALUE),
    decodeWhole: (batch) => decodeCell(batch, STAMPED_VALUE),
    local: (place) => new LocalRegister(kind, place, check),
    remote: (place) => remoteFace(place),
  })
  const indexByVerb = { set: 0, compareAndSet: 1, getAndSet: 0 }
  const remoteFace = remoteFaces(kind, { check, indexByVerb })
  return kind
}

const REGISTER = registerKind(undefined)

/** The schema of a register of `T` that reads as `V`. */
export type RegisterSchema<T, V> = Schema<{
  readonly value: V
  readonly local: RegisterHandle<'local', T, V>
  readonly remote: RegisterHandle<'remote', T, V>
  readonly strong: RegisterHandle<'strong', T, V>
}>

/**
 * Holds the last value written: by hybrid logical clock, then replica id. It reads as `initial` until then. What
 * `validate` refuses is not written: see {@link Validator}.
 */
export function register<T = unknown>(): RegisterSchema<Shareable<T>, T | undefined>
export function register<T>(options: {
  readonly initial: NoInfer<T & Shareable<T>>
  readonly validate: Validator<T>
}): RegisterSchema<Shareable<T>, T>
export function register<T>(options: {
  readonly validate: Validator<T>
}): RegisterSchema<Shareable<T>, T | undefined>
export function register<T>(options: {
  readonly initial: T & Shareable<T>
}): RegisterSchema<Shareable<T>, T>
export function register(
  options: { readonly initial?: unknown; readonly validate?: Validator } = {},
): Schema {
  checkOptions('a register', options, ['initial', 'validate'])
  const check = checkOf(options.validate)
  if (!('initial' in options)) {
    return schemaOf(check === undefined ? REGISTER : registerKind(undefined, check))
  }
  const initial = valueBytes(options.initial)
  check?.(decodeValue(new Reader(initial)))
  return schemaOf(registerKind(encodeHex(initial), check))
}
