import { canonical } from '../codec/canonical.ts'
import { Reader } from '../codec/reader.ts'
import { VALUE_BYTES_MAX } from '../codec/snapshot.ts'
import { checkText, decodeValue, valueBytes } from '../codec/value.ts'
import { JoineryError, invalidValue, isJoineryError } from '../errors.ts'
import type { OperationContext, TypeCodec } from './type-definition.ts'

/** The longest name, in UTF-16 units. */
const NAME_LENGTH_MAX = 256
/** How many types a process knows the names of; from others come no more than this. */
const TYPES_MAX = 4096

/** A definition whose own types are left behind: within, a state is a state. */
export interface UntypedDefinition {
  readonly name: string
  readonly empty: () => unknown
  readonly join: (a: unknown, b: unknown) => unknown
  readonly value: (state: unknown) => unknown
  readonly operations: Readonly<Record<string, UntypedOperation>>
  readonly codec?: TypeCodec<unknown> | undefined
}

type UntypedOperation = (
  state: unknown,
  context: OperationContext,
  ...args: readonly unknown[]
) => unknown

/** States travel as values, equal ones as equal bytes. */
const PLAIN: TypeCodec<unknown> = {
  encode: (state) => {
    // As it is first: that refuses what has no encoding, which putting it in order would follow.
    valueBytes(state)
    return valueBytes(canonical(state))
  },
  decode: (bytes) => decodeValue(new Reader(bytes)),
}

/**
 * A type of the user's own, by name: its code cannot travel, so every process that works with it defines it. Between
 * calls of the user's functions there are only bytes: whatever they do to what they are given, nothing else has it.
 */
export class UserType {
  readonly name: string
  private definition: UntypedDefinition | undefined

  constructor(name: string) {
    this.name = name
  }

  get isKnown(): boolean {
    return this.definition !== undefined
  }

  /** @throws JoineryError OBJECT_TYPE_UNKNOWN while this process has not defined it. */
  get known(): UntypedDefinition {
    if (this.definition !== undefined) return this.definition
    const { name } = this
    throw new JoineryError(
      'OBJECT_TYPE_UNKNOWN',
      `the type ${JSON.stringify(name)} is not defined in the process that holds the object (behind a gateway: its peer): import the module that defines it there, and try again`,
      { type: name },
    )
  }

  define(definition: UntypedDefinition): void {
    this.definition = definition
  }

  /** Calls a function of the user's, whose failures become ours. */
  private call<T>(method: string, work: (definition: UntypedDefinition) => T): T {
    const definition = this.known
    try {
      return work(definition)
    } catch (error) {
      const { name } = this
      throw new JoineryError(
        'OBJECT_METHOD_FAILED',
        `${method} of the type ${JSON.stringify(name)} failed: ${String(error)}`,
        { type: name, method },
        { cause: error },
      )
    }
  }

  /** The same for what a caller may have caused: what already says what is wrong with an argument is passed on. */
  private callWith<T>(method: string, work: (definition: UntypedDefinition) => T): T {
    try {
      return this.call(method, work)
    } catch (error) {
      let first = error
      while (isJoineryError(first) && isJoineryError(first.cause)) first = first.cause
      throw first
    }
  }

  /** The state of an object that nobody has written. */
  empty(): Uint8Array {
    return this.encode(this.call('empty', (definition) => definition.empty()))
  }

  private encode(state: unknown): Uint8Array {
    return this.callWith('encode', ({ codec = PLAIN }) => {
      const bytes = codec.encode(state)
      if (bytes instanceof Uint8Array) return bytes
      throw invalidValue('the codec of a type encodes a state as a Uint8Array', bytes)
    })
  }

  private decode(bytes: Uint8Array): unknown {
    return this.call('decode', ({ codec = PLAIN }) => codec.decode(bytes.slice()))
  }

  /** The join of encoded states, encoded. */
  join(states: readonly Uint8Array[]): Uint8Array {
    const [only] = states
    if (only !== undefined && states.length === 1) return only
    let joined: unknown
    for (const [i, state] of states.entries()) {
      const next = this.decode(state)
      joined = i === 0 ? next : this.call('join', (definition) => definition.join(joined, next))
    }
    return this.call('join', () => this.encode(joined))
  }

  value(state = this.empty()): unknown {
    const decoded = this.decode(state)
    // A copy: what readers do with it must not reach what the user's functions keep. It also checks it.
    return this.call('value', (definition) =>
      decodeValue(new Reader(valueBytes(definition.value(decoded)))),
    )
  }

  /**
   * What an operation adds to a state, and the state after it, both encoded; nothing if that is what it was before.
   *
   * @throws JoineryError OBJECT_METHOD_FAILED, VALUE_INVALID or OBJECT_TOO_LARGE
   */
  operate(
    operation: string,
    state: Uint8Array | undefined,
    context: OperationContext,
    args: readonly unknown[],
  ): Uint8Array | undefined {
    const before = state ?? this.empty()
    const given = this.decode(before)
    const result = this.callWith(operation, ({ operations }) =>
      operations[operation]?.(given, context, ...args),
    )
    const added = this.encode(result)
    const after = this.joinResult(operation, result, [before, added])
    if (isSame(before, after)) return undefined
    checkSize(added.length)
    checkSize(after.length)
    return added
  }

  /** Undefined may be a state. Where the join does not take it, the operation forgot to give one: that is to blame. */
  private joinResult(
    operation: string,
    result: unknown,
    states: readonly Uint8Array[],
  ): Uint8Array {
    try {
      return this.callWith('join', () => this.join(states))
    } catch (error) {
      if (result !== undefined) throw error
      const { name } = this
      throw new JoineryError(
        'OBJECT_METHOD_FAILED',
        `${operation} of the type ${JSON.stringify(name)} failed: it gave undefined, and that is no state`,
        { type: name, method: operation },
        { cause: error },
      )
    }
  }
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i])
}

function checkSize(bytes: number): void {
  if (bytes <= VALUE_BYTES_MAX) return
  throw new JoineryError(
    'OBJECT_TOO_LARGE',
    `the state of a type takes at most ${VALUE_BYTES_MAX} bytes, this one would take ${bytes}: divide it over several objects`,
    { bytes, bytesMax: VALUE_BYTES_MAX },
  )
}

/** What is wrong with a type's name, whoever gave it. */
export function typeNameProblem(name: unknown): string | undefined {
  if (typeof name !== 'string' || name === '' || name.length > NAME_LENGTH_MAX) {
    return `the name of a type is a string of 1 to ${NAME_LENGTH_MAX} characters`
  }
  try {
    checkText(name, 'the name of a type')
  } catch {
    return 'the name of a type must be well-formed Unicode'
  }
  return undefined
}

/** All types that were defined here or heard of. Types of one name in two copies of this module would not be one. */
const typeByName = new Map<string, UserType>()

/** The type of that name, known or not; nothing when there are too many. */
export function typeNamed(name: string): UserType | undefined {
  const found = typeByName.get(name)
  if (found !== undefined || typeByName.size >= TYPES_MAX) return found
  const type = new UserType(name)
  typeByName.set(name, type)
  return type
}
