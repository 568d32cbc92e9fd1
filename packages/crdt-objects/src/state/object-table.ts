import { checkText } from '../codec/value.ts'
import type { Reader } from '../codec/reader.ts'
import { JoineryError, invalidValue, isJoineryError } from '../errors.ts'
import type { KindIdentity } from '../kind-identity.ts'
import type { Kind } from '../kind.ts'
import { parseDescriptor } from '../types/descriptor.ts'
import type { ReplicaContext } from './context.ts'
import { ObjectState } from './object-state.ts'

/** The longest name of an object, in UTF-16 units. */
const NAME_LENGTH_MAX = 4096

/**
 * The objects of a space. One name stands for one object, unless programs whose schemas are of different families met
 * at it: then each family has its object, and neither is reinterpreted.
 */
export class ObjectTable {
  private readonly context: ReplicaContext
  private readonly onDirty: (object: ObjectState) => void
  private readonly objectByKey = new Map<string, ObjectState>()
  /** Of several objects with one name, the one whose family comes first. */
  private readonly objectByName = new Map<string, ObjectState>()
  /** By name: all its objects, where there are several. */
  private readonly objectsByName = new Map<string, ObjectState[]>()

  constructor(context: ReplicaContext, onDirty: (object: ObjectState) => void) {
    this.context = context
    this.onDirty = onDirty
    context.openObject = this.openReferred
  }

  // A field, for the reason that ChangeLedger gives.
  private readonly openReferred = (name: string, identity: KindIdentity): object => {
    // Who passed it on knew no more of it; it came from a schema.
    const kind = identity as Kind
    this.context.gate.checkOpen()
    return this.open(name, kind).handle(kind)
  }

  get size(): number {
    return this.objectByKey.size
  }

  all(): Iterable<ObjectState> {
    return this.objectByKey.values()
  }

  /** The object of that name; of several, the one whose family comes first. */
  find(name: string): ObjectState | undefined {
    return this.objectByName.get(name)
  }

  /** All objects of that name. */
  named(name: string): readonly ObjectState[] {
    const first = this.objectByName.get(name)
    return this.objectsByName.get(name) ?? (first === undefined ? [] : [first])
  }

  /** The object of that name and the family of `kind`, if it is there. */
  get(name: string, kind: Kind): ObjectState | undefined {
    // As a rule it is the only one of that name, or there is none: then no key need be made.
    const first = this.objectByName.get(name)
    if (first === undefined || first.kind.family === kind.family) return first
    return this.objectByKey.get(objectKey(name, kind))
  }

  /** The object of that name and the family of `kind`, made if need be, that has what `kind` has. */
  learn(name: string, kind: Kind): ObjectState {
    const known = this.get(name, kind)
    if (known !== undefined) {
      known.learn(kind)
      return known
    }
    const object = new ObjectState(this.context, { name, kind }, this.onDirty)
    const others = this.named(name)
    if (others.length > 0) this.objectsByName.set(name, [...others, object])
    this.objectByKey.set(objectKey(name, kind), object)
    const first = this.objectByName.get(name)
    if (first === undefined || kind.family < first.kind.family) this.objectByName.set(name, object)
    return object
  }

  /**
   * The object for a program that opens it with `kind`.
   *
   * @throws JoineryError OBJECT_SCHEMA_DIFFERS, VALUE_INVALID for what is no name
   */
  open(name: string, kind: Kind): ObjectState {
    checkName(name)
    const same = this.get(name, kind)
    const other = same ?? this.find(name)
    if (other !== undefined && other.known(kind.fingerprint) === undefined) {
      this.checkCompatible(other, kind)
    }
    // As others know it: what this process calls fields, and refuses, is the handle's business.
    const shared = parseDescriptor(kind.descriptor)
    this.checkUnion(name, [shared])
    const object = this.learn(name, shared)
    object.hold(kind)
    return object
  }

  /**
   * Refuses an object of another replica if the one here could not have all of its schemas, before it takes note of any.
   *
   * @throws JoineryError VALUE_INVALID
   */
  checkAdoptable({ name, kindsKnown }: ObjectState): void {
    this.checkUnion(name, kindsKnown)
    const [kind] = kindsKnown
    if (kind !== undefined && this.get(name, kind)?.isHeld === true) {
      throw new Error('taken over too late: somebody holds objects of the new state')
    }
  }

  /** The object here that goes on for one of another replica, with all its schemas. */
  heirOf({ name, kind, kindsKnown }: ObjectState): ObjectState {
    const heir = this.learn(name, kind)
    for (const each of kindsKnown) heir.learn(each)
    return heir
  }

  /** Refuses schemas that arrived if the object could not have them all, before it takes note of any. */
  checkLearnable(name: string, kinds: readonly Kind[], reader: Reader): void {
    try {
      this.checkUnion(name, kinds)
    } catch (error) {
      if (!isJoineryError(error, 'VALUE_INVALID')) throw error
      reader.fail(error.details.reason)
    }
  }

  /** Makes the union of the object's schemas with these, all of one family, to see whether there is one. */
  private checkUnion(name: string, [first, ...others]: readonly Kind[]): void {
    if (first === undefined) return
    const object = this.get(name, first)
    let union = object?.kind ?? first
    for (const kind of [first, ...others]) {
      if (object?.known(kind.fingerprint) === undefined) union = union.union(kind)
    }
  }

  private checkCompatible({ name, kind: found }: ObjectState, kind: Kind): void {
    const difference = kind.compare(found, []).find(({ compatible }) => !compatible)
    if (difference === undefined) return
    const { path, first, second } = difference
    const where = path.length === 0 ? `"${name}"` : `"${name}" at ${path.join('.')}`
    throw new JoineryError(
      'OBJECT_SCHEMA_DIFFERS',
      `${where} is ${String(second)}, not ${String(first)}: open it with its schema, or use another name`,
      { name, expected: kind.text, found: found.text, path },
    )
  }
}

function objectKey(name: string, kind: Kind): string {
  return `${name}\n${kind.family}`
}

function checkName(name: string): void {
  if (typeof name !== 'string' || name.length > NAME_LENGTH_MAX) {
    throw invalidValue(`names are strings of at most ${NAME_LENGTH_MAX} characters`, name)
  }
  checkText(name, 'a name')
}
