import type { BatchReader } from '../codec/batch-reader.ts'
import { checkText } from '../codec/value.ts'
import type { JoineryError } from '../errors.ts'
import { invalidValue } from '../errors.ts'
import { LocalHandle } from '../faces/local.ts'
import { KIND, PLACE } from '../faces/members.ts'
import type { RemotePlace } from '../faces/remote-place.ts'
import { RemoteHandle, remoteClass } from '../faces/remote.ts'
import { remotePlaceOf } from '../faces/remote-drafts.ts'
import type { RefHandle } from '../handles/ref.ts'
import type { Kind } from '../kind.ts'
import { loadEngines } from '../leaf-engine.ts'
import type { Schema } from '../schema.ts'
import { CellNode } from '../state/cell-node.ts'
import type { Payload } from '../state/dots.ts'
import { decodeCell, decodeCellDelta, winner } from '../state/dots.ts'
import { defineKind, descriptorJson, differentKind, familyJson } from './define.ts'
import { kindOfSchema, schemaOf } from './define.ts'
import { KEY_LENGTH_MAX } from './text-key.ts'

/** A kind of references, with what they refer to. */
interface RefKind extends Kind {
  readonly targetKind: Kind
}

/** The name of an object, the last one written winning. */
const NAME: Payload = {
  stamped: true,
  encode: (batch, value) => {
    batch.body.text(value as string)
  },
  decode: (batch: BatchReader) => {
    const name = batch.body.text()
    return name.length <= KEY_LENGTH_MAX ? name : batch.body.fail('name too long')
  },
}

class RefNode extends CellNode {
  read(): string | undefined {
    return this.head && (winner(this.context, this.head).value as string)
  }

  set(name: string): void {
    this.assign(name, name.length)
  }

  override clear(): void {
    super.clear()
  }
}

class LocalRef extends LocalHandle<RefNode, string | undefined> {
  set(target: unknown): void {
    const { targetKind } = this[KIND] as RefKind
    const name = this.nameOf(target, targetKind)
    this.make().set(name)
  }

  /** A name is what comes from a remote face, which has looked at the handle. */
  private nameOf(target: unknown, targetKind: Kind): string {
    if (typeof target === 'string') {
      checkText(target, 'a name')
      if (target.length <= KEY_LENGTH_MAX) return target
      throw invalidValue(`names are at most ${KEY_LENGTH_MAX} long`, target)
    }
    if (!(target instanceof LocalHandle)) throw noHandle(target)
    const { object, path, context } = target[PLACE]
    if (path.length > 0) throw nested(target.name)
    if (context !== this[PLACE].context) throw elsewhere(target.name)
    checkFamily(target[KIND], targetKind)
    return object.name
  }

  clear(): void {
    this.find()?.clear()
  }

  async open(): Promise<object | undefined> {
    const name = this.read()
    if (name === undefined) return undefined
    const { targetKind } = this[KIND] as RefKind
    await loadEngines(targetKind)
    return this[PLACE].context.openObject(name, targetKind)
  }
}

class RemoteRef extends RemoteHandle<string | undefined> {
  set(target: unknown): Promise<unknown> {
    return this.send('set', () => [this.sendable(target)])
  }

  private sendable(target: unknown): unknown {
    const { home, ordered } = this[PLACE].object
    // Who holds the data looks at names, and, in a transaction of this process, at local handles.
    if (typeof target === 'string') return target
    if (target instanceof LocalHandle) {
      if (ordered === true) throw elsewhere(target.name)
      return target
    }
    const place = remotePlaceOf(target)
    if (place === undefined) throw noHandle(target)
    if (place.path.length > 0) throw nested(place.object.name)
    if (home !== place.object.home || ordered !== place.object.ordered)
      throw elsewhere(place.object.name)
    checkFamily(place.kind, (this[KIND] as RefKind).targetKind)
    return place.object.name
  }

  open(): Promise<object | undefined> {
    const { object, options } = this[PLACE]
    // Not asynchronous itself: a draft, which reads nothing, throws at once.
    return this.read().then((name) =>
      name === undefined
        ? undefined
        : object.open(name, (this[KIND] as RefKind).targetKind, options),
    )
  }
}

function noHandle(target: unknown): JoineryError {
  return invalidValue('a reference is set to the handle of an object', target)
}

function nested(name: string): JoineryError {
  const why = 'an entry or field has no name of its own, and goes when what holds it goes'
  return invalidValue(`a reference is to a whole object: ${why}`, name)
}

function elsewhere(name: string): JoineryError {
  const why = 'names mean something within their space, and its mode, only'
  return invalidValue(`a reference is to an object of the same space: ${why}`, name)
}

function checkFamily(kind: Kind, targetKind: Kind): void {
  if (kind.family === targetKind.family) return
  throw invalidValue(
    `a reference to ${targetKind.text} is not set to an object of another schema`,
    kind.text,
  )
}

/** The kind of a reference to objects of another kind. */
export function refKind(targetKind: Kind): Kind {
  const { view } = targetKind
  const kind: Kind = defineKind<RefNode>({
    name: 'ref',
    args: [descriptorJson(targetKind)],
    familyArgs: [familyJson(targetKind)],
    text: `ref(${targetKind.text})`,
    union: (other) => refKind(targetKind.union((other as RefKind).targetKind)),
    compare: (other, path) => {
      const target = (other as Partial<RefKind>).targetKind
      return target === undefined
        ? [differentKind(kind, other, path)]
        : targetKind.compare(target, path)
    },
    validates: targetKind.validates,
    // A name is a name whatever fields are called; but what it opens must be seen as this process sees it.
    view: view && { value: (value) => value, path: (path) => path },
    verbs: { set: 'write', clear: 'write' },
    zero: () => undefined,
    read: (node) => node.read(),
    emptyWhole: () => undefined,
    createNode: (context, parent, key) => new RefNode(context, parent, key, NAME),
    decodeDelta: (batch) => decodeCellDelta(batch, NAME),
    decodeWhole: (batch) => decodeCell(batch, NAME),
    local: (place) => new LocalRef(kind, place),
    remote: (place: RemotePlace) => new Remote(kind, place),
  })
  const Remote = remoteClass(kind.verbs, RemoteRef)
  return Object.assign(kind, { targetKind })
}

/** The schema of a reference to an object of schema `S`. */
export type RefSchema<S extends Schema> = Schema<{
  readonly value: string | undefined
  readonly local: RefHandle<'local', S>
  readonly remote: RefHandle<'remote', S>
  readonly strong: RefHandle<'strong', S>
}>

/**
 * Refers to another object of the same space, by its name: so objects can be shared by several places, and outlive
 * them. It reads as the name; the last one written wins.
 */
export function ref<S extends Schema>(schema: S): RefSchema<S> {
  return schemaOf(refKind(kindOfSchema(schema, 'what a reference is to')))
}
