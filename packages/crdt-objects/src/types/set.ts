import { invalidValue } from '../errors.ts'
import { LocalHandle } from '../faces/local.ts'
import type { Place } from '../faces/place.ts'
import { remoteFaces } from '../faces/remote.ts'
import type { SetHandle } from '../handles.ts'
import type { Kind } from '../kind.ts'
import { checkOptions } from '../options.ts'
import type { Schema } from '../schema.ts'
import type { ReplicaContext } from '../state/context.ts'
import type { Dot, Payload } from '../state/dots.ts'
import { BOOLEAN, PRESENCE, isUnanimous } from '../state/dots.ts'
import { KeyedNode, decodeKeyedDelta, decodeKeyedWhole } from '../state/keyed-node.ts'
import type { Parent } from '../state/node.ts'
import type { Check, Validator } from '../validator.ts'
import { checkOf } from '../validator.ts'
import { defineKind, schemaOf } from './define.ts'
import type { ElementKey } from './element-key.ts'
import { ELEMENT_KEY, element, elementKey } from './element-key.ts'
import type { Shareable } from './shareable.ts'

abstract class SetNode extends KeyedNode<ElementKey> {
  read(): Set<unknown> {
    return new Set(this.values())
  }

  *values(): Generator {
    for (const key of this.keysInOrder()) if (this.holds(key)) yield element(key)
  }

  has(value: unknown): boolean {
    return this.holds(elementKey(value))
  }

  abstract holds(key: ElementKey): boolean
  abstract count(): number
  abstract add(key: ElementKey): void
  abstract delete(key: ElementKey): void
  abstract clear(): void
}

/** Each `add` is a dot, which a `delete` removes: what it has not seen stands. */
class AddWinsNode extends SetNode {
  holds(key: ElementKey): boolean {
    return this.cells.has(key)
  }

  count(): number {
    return this.cells.size
  }

  add(key: ElementKey): void {
    this.assign(key, undefined, ELEMENT_KEY.bytes(key))
  }

  delete(key: ElementKey): void {
    this.remove(key)
  }

  clear(): void {
    this.removeAll()
  }
}

/**
 * `add` and `delete` are dots, yes and no, each in place of what it has seen of its element: one that says no is enough.
 * The price is that the no of a deleted element is kept, with the element, until the place of the set is removed: it is
 * what a concurrent `add` must meet.
 */
class DeleteWinsNode extends SetNode {
  /** Invariant: the keys of the cells whose dots all say yes. */
  private readonly held = new Set<ElementKey>()

  protected override isPresent(): boolean {
    return this.held.size > 0
  }

  holds(key: ElementKey): boolean {
    return this.held.has(key)
  }

  count(): number {
    return this.held.size
  }

  add(key: ElementKey): void {
    this.context.gate.checkRoom()
    this.held.add(key)
    this.say(key, true)
  }

  delete(key: ElementKey): void {
    if (!this.held.has(key)) return
    this.context.gate.checkOpen()
    this.held.delete(key)
    this.say(key, false)
  }

  private say(key: ElementKey, isHeld: boolean): void {
    // Before the listeners of the assignment look.
    this.refreshPresence()
    this.assign(key, isHeld, ELEMENT_KEY.bytes(key) + 1, !isHeld)
  }

  clear(): void {
    this.assignEach([...this.held], false)
  }

  protected override put(key: ElementKey, head: Dot | undefined): void {
    super.put(key, head)
    if (isUnanimous(head)) this.held.add(key)
    else this.held.delete(key)
  }

  override reset(): void {
    this.held.clear()
    super.reset()
  }
}

class LocalSet extends LocalHandle<SetNode, ReadonlySet<unknown>> {
  private readonly check: Check | undefined

  constructor(kind: Kind, place: Place, check: Check | undefined) {
    super(kind, place)
    this.check = check
  }

  add(value: unknown): void {
    const key = elementKey(value)
    this.check?.(element(key))
    this.make().add(key)
  }

  delete(value: unknown): void {
    const key = elementKey(value)
    this.find()?.delete(key)
  }

  clear(): void {
    this.find()?.clear()
  }

  has(value: unknown): boolean {
    return this.find()?.has(value) ?? false
  }

  count(): number {
    return this.find()?.count() ?? 0
  }

  get size(): number {
    return this.count()
  }

  *values(): Generator<unknown, undefined> {
    let node = this.find()
    for (const key of node?.keysInOrder() ?? []) {
      node = this.current(node)
      if (node?.holds(key) === true) yield element(key)
    }
  }

  [Symbol.iterator](): Iterator<unknown> {
    return this.values()
  }
}

type SetShape = ConstructorParameters<typeof KeyedNode<ElementKey>>[3]
interface SetRule {
  readonly args: readonly string[]
  readonly text: string
  readonly payload: Payload
  readonly node: new (
    context: ReplicaContext,
    parent: Parent,
    key: string,
    shape: SetShape,
  ) => SetNode
}

function setKind({ args, text, payload, node }: SetRule, check?: Check): Kind {
  const shape: SetShape = { payload, keys: ELEMENT_KEY }
  const kind: Kind = defineKind<SetNode>({
    name: 'set',
    args,
    text,
    validates: check !== undefined,
    verbs: {
      add: 'write',
      delete: 'write',
      clear: 'write',
      has: 'read',
      count: 'read',
      values: 'stream',
    },
    conditional: {
      addIfAbsent: (face: LocalSet, [value]) => {
        const isNew = !face.has(value)
        if (isNew) face.add(value)
        return isNew
      },
      deleteIfPresent: (face: LocalSet, [value]) => {
        const isThere = face.has(value)
        if (isThere) face.delete(value)
        return isThere
      },
    },
    zero: () => new Set(),
    read: (place) => place.read(),
    emptyWhole: () => new Map(),
    createNode: (context, parent, key) => new node(context, parent, key, shape),
    decodeDelta: (batch) => decodeKeyedDelta(batch, ELEMENT_KEY, payload),
    decodeWhole: (batch) => decodeKeyedWhole(batch, ELEMENT_KEY, payload),
    load: (batch, node, incoming) => node.load(batch, incoming),
    local: (place) => new LocalSet(kind, place, check),
    remote: (place) => remoteFace(place),
  })
  const remoteFace = remoteFaces(kind, { check, indexByVerb: { add: 0, addIfAbsent: 0 } })
  return kind
}

const ADD_RULE: SetRule = { args: [], text: 'set()', payload: PRESENCE, node: AddWinsNode }
const DELETE_RULE: SetRule = {
  args: ['delete'],
  text: "set({ wins: 'delete' })",
  payload: BOOLEAN,
  node: DeleteWinsNode,
}
const ADD_WINS = setKind(ADD_RULE)
/** The kind of a set whose `delete` wins. */
export const DELETE_WINS = setKind(DELETE_RULE)

/** The schema of a set of `T`. */
export type SetSchema<T> = Schema<{
  readonly value: ReadonlySet<T>
  readonly local: SetHandle<'local', T>
  readonly remote: SetHandle<'remote', T>
  readonly strong: SetHandle<'strong', T>
}>

/** What a set is made with. */
export interface SetOptions<T> {
  /** Which of a concurrent `add` and `delete` of one value wins: `add` where nothing is said. */
  readonly wins?: 'add' | 'delete' | undefined
  /** What it refuses is not added: see {@link Validator}. */
  readonly validate?: Validator<T> | undefined
}

/**
 * A set of values, equal by structure: of a concurrent `add` and `delete` of one value, `add` wins, or `delete` where
 * `wins` says so. A `delete` of what is not in the set here is no update. Where `delete` wins, deleted values are kept
 * inside, so that a concurrent `add` can lose to them: choose it for values that hardly ever go.
 */
export function set<T = string>(options: SetOptions<T> = {}): SetSchema<Shareable<T>> {
  checkOptions('a set', options, ['wins', 'validate'])
  const { wins = 'add' } = options
  const check = checkOf(options.validate)
  if (wins === 'add') return schemaOf(check === undefined ? ADD_WINS : setKind(ADD_RULE, check))
  if (wins === 'delete') {
    return schemaOf(check === undefined ? DELETE_WINS : setKind(DELETE_RULE, check))
  }
  throw invalidValue("of a set, 'add' or 'delete' wins", wins)
}
