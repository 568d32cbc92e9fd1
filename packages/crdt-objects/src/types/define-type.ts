import type { BatchReader } from '../codec/batch-reader.ts'
import { invalidValue } from '../errors.ts'
import { LocalHandle } from '../faces/local.ts'
import { PLACE } from '../faces/members.ts'
import type { Place } from '../faces/place.ts'
import { RemoteHandle, remoteClass } from '../faces/remote.ts'
import type { Operations, UserTypeHandle } from '../handles/user-type.ts'
import type { Kind } from '../kind.ts'
import type { VerbMode } from '../kind-identity.ts'
import { COMMON_VERBS } from '../kind.ts'
import type { Schema } from '../schema.ts'
import type { ReplicaContext } from '../state/context.ts'
import { SELF } from '../state/context.ts'
import { STAMPS_PER_MS } from '../state/hybrid-clock.ts'
import type { Contribution } from '../state/contributions.ts'
import { contributionsCodec } from '../state/contributions.ts'
import { ContributionsNode } from '../state/contributions-node.ts'
import type { Parent } from '../state/node.ts'
import { defineKind, schemaOf } from './define.ts'
import type {
  CheckedDefinition,
  NoReserved,
  OperationContext,
  TypeDefinition,
  TypeOperations,
} from './type-definition.ts'
import type { UntypedDefinition } from './user-type.ts'
import { UserType, typeNameProblem, typeNamed } from './user-type.ts'

/** So many encoded states are kept side by side before they are joined to one. */
const STATES_KEPT = 16

/** What one replica added: encoded states, whose join counts. Where the type is unknown they cannot be joined. */
interface Content {
  states: Uint8Array[]
  bytes: number
  /** The greatest stamp that an operation was given as its time: whoever takes the content goes on from there. */
  stamp: number
  /** How many states to keep before the next attempt to join them. */
  statesKept: number
}

function isMany({ states, statesKept }: Content): boolean {
  return states.length > statesKept
}

function contents(type: UserType): Contribution<Content> {
  /** A failure of the user's functions must not stop replication: the states are kept as they are. */
  const tryFold = (content: Content): void => {
    try {
      fold(type, content)
    } catch {
      content.statesKept = content.states.length * 2
    }
  }
  return {
    zero: () => ({ states: [], bytes: 0, stamp: 0, statesKept: STATES_KEPT }),
    copy: (content) => ({ ...content, states: [...content.states] }),
    add: (target, increment) => {
      for (const state of increment.states) put(target, state)
      target.stamp = Math.max(target.stamp, increment.stamp)
      if (isMany(target)) tryFold(target)
    },
    encode: (batch, content) => {
      tryFold(content)
      const { states, stamp } = content
      batch.body.varint(states.length * 2 + (stamp > 0 ? 1 : 0))
      if (stamp > 0) batch.stamp(stamp)
      for (const state of states) batch.body.bytes(state)
    },
    decode,
    bytes: ({ bytes }) => bytes,
  }
}

function decode(batch: BatchReader): Content {
  const head = batch.body.varint()
  const stamp = head % 2 === 1 ? batch.stamp() : 0
  const content = { states: [], bytes: 0, stamp, statesKept: STATES_KEPT }
  let left = Math.floor(head / 2)
  if (left === 0 || left > batch.body.remaining) batch.body.fail('states of a type')
  for (; left > 0; left--) put(content, batch.body.bytes().slice())
  return content
}

function put(content: Content, state: Uint8Array): void {
  content.states.push(state)
  content.bytes += state.length + 2
}

/** Joins the states to one, where the type is known; throws what the user's functions throw, and has changed nothing. */
function fold(type: UserType, content: Content): void {
  if (content.states.length < 2 || !type.isKnown) return
  const joined = type.join(content.states)
  content.states = []
  content.bytes = 0
  put(content, joined)
}

class UserTypeNode extends ContributionsNode<Content> {
  private readonly type: UserType

  constructor(
    context: ReplicaContext,
    parent: Parent,
    key: string,
    shape: { readonly type: UserType; readonly contribution: Contribution<Content> },
  ) {
    super(context, parent, key, shape.contribution)
    this.type = shape.type
  }

  /** All that is seen here, as one encoded state; none if there is nothing. */
  state(): Uint8Array | undefined {
    const { content } = this
    fold(this.type, content)
    return content.states[0]
  }

  /** All that is seen here, as it is kept: joined, if that can be done here. */
  states(): readonly Uint8Array[] {
    const { content } = this
    try {
      fold(this.type, content)
    } catch {
      // A failure of the user's functions leaves them side by side.
    }
    return content.states
  }

  contribute(state: Uint8Array, stamp: number): void {
    const pending = this.begin()
    put(pending, state)
    pending.stamp = Math.max(pending.stamp, stamp)
    this.finish()
  }
}

/** What one call of an operation may know. */
class Call implements OperationContext {
  private readonly context: ReplicaContext
  /** The stamp that it was told as its time; 0 if it did not ask. */
  stamp = 0
  private dots = 0

  constructor(context: ReplicaContext) {
    this.context = context
  }

  get replica(): string {
    return this.context.name(SELF)
  }

  get now(): number {
    if (this.stamp === 0) this.stamp = this.context.clock.next()
    return this.stamp / STAMPS_PER_MS
  }

  dot(): string {
    // The number that this operation gets if it is an update. If it is none, nobody has its dots, and the next may.
    const number = (this.context.seen[SELF] ?? 0) + 1
    return `${this.replica}.${number}.${this.dots++}`
  }
}

class LocalUserType extends LocalHandle<UserTypeNode, unknown> {
  private readonly type: UserType

  constructor(kind: Kind, place: Place, type: UserType) {
    super(kind, place)
    this.type = type
  }

  /** One operation: what it adds is worked out, joined and checked on copies before anything changes. */
  protected operate(operation: string, args: readonly unknown[]): void {
    const { context } = this[PLACE]
    const call = new Call(context)
    const added = this.type.operate(operation, this.find()?.state(), call, args)
    if (added !== undefined) this.make().contribute(added, call.stamp)
  }

  /** A class of handles that definitions give methods to. */
  static derive(): typeof LocalUserType {
    return class extends LocalUserType {}
  }

  static addOperation(face: typeof LocalUserType, operation: string): void {
    Object.defineProperty(face.prototype, operation, {
      value: function (this: LocalUserType, ...args: readonly unknown[]): void {
        this.operate(operation, args)
      },
    })
  }
}

/** The verbs of a type. Before it is defined, nobody can say which there are. */
class TypeVerbs extends Map<string, VerbMode> {
  private readonly type: UserType

  constructor(type: UserType) {
    super(COMMON_VERBS)
    this.type = type
  }

  override get(verb: string): VerbMode | undefined {
    const mode = super.get(verb)
    return mode === undefined && this.type.known.name === this.type.name ? undefined : mode
  }
}

/** The kind of a type, and what a definition completes it with: objects of it may be there before. */
class TypeKind {
  readonly kind: Kind
  private readonly verbs: TypeVerbs
  private readonly localFace = LocalUserType.derive()
  private remoteFace: ReturnType<typeof remoteClass>

  constructor(type: UserType) {
    const contribution = contents(type)
    const shape = { type, contribution }
    this.verbs = new TypeVerbs(type)
    this.remoteFace = remoteClass(this.verbs)
    const kind: Kind = {
      ...defineKind<UserTypeNode>({
        name: 'type',
        args: [type.name],
        verbs: {},
        zero: () => type.value(undefined),
        ...contributionsCodec(contribution),
        union: () => kind,
        createNode: (context, parent, key) => new UserTypeNode(context, parent, key, shape),
        read: (node) => type.value(node.state()),
        // As it is kept: what the type makes of it may be known nowhere here, and may be anything.
        reading: (node) => node?.states() ?? [],
        local: (place) => new this.localFace(kind, place, type),
        remote: (place) => new this.remoteFace(kind, place),
      }),
      verbs: this.verbs,
    }
    this.kind = kind
  }

  complete(operations: readonly string[]): void {
    for (const operation of operations) {
      this.verbs.set(operation, 'write')
      LocalUserType.addOperation(this.localFace, operation)
    }
    this.remoteFace = remoteClass(this.verbs)
  }
}

const kindByType = new WeakMap<UserType, TypeKind>()

function kindOf(type: UserType): TypeKind {
  let kind = kindByType.get(type)
  if (kind === undefined) {
    kind = new TypeKind(type)
    kindByType.set(type, kind)
  }
  return kind
}

/** The kind of the type of that name, whether or not it is defined here; nothing where there are too many types. */
export function userTypeKind(name: string): Kind | undefined {
  const type = typeNamed(name)
  return type === undefined ? undefined : kindOf(type).kind
}

/** Names that members of handles have, or that would make a handle a promise. */
const RESERVED = new Set(['then', 'at', 'kind', 'place', 'value', '__proto__'])

function checkOperations(operations: Readonly<Record<string, unknown>>): void {
  for (const [operation, work] of Object.entries(operations)) {
    const reserved =
      RESERVED.has(operation) ||
      operation in LocalUserType.prototype ||
      operation in RemoteHandle.prototype
    if (reserved)
      throw invalidValue('a handle has a member of the name of this operation', operation)
    if (typeof work !== 'function') throw invalidValue('an operation is a function', operation)
  }
}

/** Whether two definitions are of the same functions. */
function isSameDefinition(a: UntypedDefinition, b: UntypedDefinition): boolean {
  const operations = Object.entries(a.operations)
  return (
    a.empty === b.empty &&
    a.join === b.join &&
    a.value === b.value &&
    a.codec?.encode === b.codec?.encode &&
    a.codec?.decode === b.codec?.decode &&
    operations.length === Object.keys(b.operations).length &&
    operations.every(([name, work]) => b.operations[name] === work)
  )
}

function define(definition: UntypedDefinition): Kind {
  const { name } = definition
  const problem = typeNameProblem(name)
  if (problem !== undefined) throw invalidValue(problem, name)
  for (const member of ['empty', 'join', 'value'] as const) {
    if (typeof definition[member] !== 'function') {
      throw invalidValue('a type is defined by functions: empty, join and value', member)
    }
  }
  checkOperations(definition.operations)
  const type = typeNamed(name)
  if (type === undefined) throw invalidValue('there are too many types in this process', name)
  const { kind } = kindOf(type)
  if (type.isKnown) {
    if (isSameDefinition(type.known, definition)) return kind
    throw invalidValue('a type of this name is defined already, and differently', name)
  }
  // Found here, what cannot be shared is found at the definition, and not at somebody's first write.
  const trial = new UserType(name)
  trial.define(definition)
  trial.value()
  type.define(definition)
  kindOf(type).complete(Object.keys(definition.operations))
  return kind
}

/** The schema of an object of a type of one's own. */
export type UserTypeSchema<V, O extends Operations> = Schema<{
  readonly value: V
  readonly local: UserTypeHandle<'local', V, O>
  readonly remote: UserTypeHandle<'remote', V, O>
  readonly strong: UserTypeHandle<'strong', V, O>
}>

/**
 * Defines a type of one's own, and gives its builder. Its code does not travel: every process that reads or writes
 * objects of the type defines it, under the same name, as a rule by importing one module. A process that has not takes
 * part in replicating them all the same.
 *
 * @throws JoineryError VALUE_INVALID for a name that another definition has, and for what is no definition.
 */
export function defineType<S, V, O extends TypeOperations<S>>(
  definition: TypeDefinition<S, V, O> & CheckedDefinition<S, V> & NoReserved<O>,
): () => UserTypeSchema<V, O> {
  if (typeof (definition as unknown) !== 'object' || (definition as unknown) === null) {
    throw invalidValue('a type has a definition: an object', definition)
  }
  const { operations, ...functions } = definition as UntypedDefinition
  const kind = define({ ...functions, operations: { ...operations } })
  return () => schemaOf(kind)
}
