import type { BatchReader } from '../codec/batch-reader.ts'
import type { BatchWriter } from '../codec/batch-writer.ts'
import { invalidValue } from '../errors.ts'
import { LocalHandle, PLACE } from '../faces/local.ts'
import { ChildPlace } from '../faces/place.ts'
import { remoteChild } from '../faces/remote-place.ts'
import { RemoteHandle, remoteClass } from '../faces/remote.ts'
import type { Fields, StructHandle } from '../handles.ts'
import type { Kind } from '../kind.ts'
import type { Schema, ValueOf } from '../schema.ts'
import type { Children } from '../state/branch-node.ts'
import { BranchNode } from '../state/branch-node.ts'
import type { ReplicaContext } from '../state/context.ts'
import type { Node, Parent } from '../state/node.ts'
import { placeKey } from '../state/node.ts'
import { defineKind, descriptorJson, schemaOf } from './define.ts'
import { checkKey } from './text-key.ts'

/** The fields of a struct kind, in the order of their names, which is how the wire numbers them. */
interface FieldTable {
  readonly names: readonly string[]
  readonly kindByName: ReadonlyMap<string, Kind>
  readonly rowByName: ReadonlyMap<string, number>
}

class StructNode extends BranchNode {
  private readonly fields: FieldTable

  constructor(context: ReplicaContext, parent: Parent, key: string, fields: FieldTable) {
    super(context, parent, key)
    this.fields = fields
  }

  protected createChild(name: string): Node {
    return fieldKind(this.fields, name).createNode(this.context, this, placeKey(name))
  }

  protected encodeKey(batch: BatchWriter, name: string): void {
    batch.body.varint(this.fields.rowByName.get(name) ?? 0)
  }

  protected keyBytes(): number {
    return 1
  }

  protected emptyWhole(name: string): unknown {
    return fieldKind(this.fields, name).emptyWhole()
  }

  read(): Record<string, unknown> {
    const value: Record<string, unknown> = {}
    for (const [name, kind] of this.fields.kindByName) {
      const child = this.children.get(name)
      value[name] = child === undefined ? kind.zero() : child.read()
    }
    return value
  }
}

function fieldKind(fields: FieldTable, name: string): Kind {
  const kind = fields.kindByName.get(name)
  if (kind === undefined) {
    throw invalidValue(`the struct has the fields ${fields.names.join(', ')}`, name)
  }
  return kind
}

class LocalStruct extends LocalHandle<StructNode, Record<string, unknown>> {
  private readonly fields: FieldTable
  private readonly faceByName = new Map<string, object>()

  constructor(kind: Kind, place: LocalStruct[typeof PLACE], fields: FieldTable) {
    super(kind, place)
    this.fields = fields
  }

  at(name: string): object {
    let face = this.faceByName.get(name)
    if (face === undefined) {
      face = fieldKind(this.fields, name).local(new ChildPlace(this[PLACE], name))
      this.faceByName.set(name, face)
    }
    return face
  }
}

class RemoteStruct extends RemoteHandle<Record<string, unknown>> {
  protected readonly fields?: FieldTable

  at(name: string): object {
    const fields = this.fields
    if (fields === undefined) throw new Error('a struct face without fields')
    return fieldKind(fields, name).remote(remoteChild(this.place, name))
  }
}

function decodeFields(
  batch: BatchReader,
  fields: FieldTable,
  part: (kind: Kind) => unknown,
): Children {
  const children = new Map<string, unknown>()
  for (let left = batch.body.count(2); left > 0; left--) {
    const name = fields.names[batch.body.varint()]
    if (name === undefined) return batch.body.fail('field that the struct does not have')
    if (children.has(name)) batch.body.fail('field named twice')
    children.set(name, part(fieldKind(fields, name)))
  }
  return children
}

/** A property for each field that no member of the handle hides. */
function addFields(prototype: object, names: readonly string[]): void {
  for (const name of names) {
    if (name in prototype) continue
    Object.defineProperty(prototype, name, {
      get(this: { at(name: string): object }) {
        return this.at(name)
      },
    })
  }
}

/** The kind of a struct with these fields. */
export function structKind(kindByName: ReadonlyMap<string, Kind>): Kind {
  const names = [...kindByName.keys()].sort()
  const fields: FieldTable = {
    names,
    kindByName,
    rowByName: new Map(names.map((name, row) => [name, row])),
  }
  class Local extends LocalStruct {}
  class Remote extends RemoteStruct {
    protected override readonly fields = fields
  }
  addFields(Local.prototype, names)
  addFields(Remote.prototype, names)
  const kind: Kind = defineKind({
    name: 'struct',
    args: names.map((name) => [name, descriptorJson(fieldKind(fields, name))]),
    verbs: {},
    zero: () => Object.fromEntries([...kindByName].map(([name, field]) => [name, field.zero()])),
    emptyWhole: () => new Map(),
    createNode: (context, parent, key) => new StructNode(context, parent, key, fields),
    decodeDelta: (batch) => decodeFields(batch, fields, (field) => field.decodeDelta(batch)),
    decodeWhole: (batch) => decodeFields(batch, fields, (field) => field.decodeWhole(batch)),
    local: (place) => new Local(kind, place, fields),
    remote: (place) => new Face(kind, place),
  })
  const Face = remoteClass(kind.verbs, Remote)
  return kind
}

/** Names that would make a handle a thenable, or reach into the language. */
type RefusedField = 'then' | '__proto__'

/** The schema of a struct with fields `F`. */
export type StructSchema<F extends Fields> = Schema<{
  readonly value: { readonly [K in keyof F]: ValueOf<F[K]> }
  readonly local: StructHandle<'local', F>
  readonly remote: StructHandle<'remote', F>
}>

/** A fixed set of named objects. Fields need no creation, so concurrent first uses always merge. */
export function struct<F extends Fields>(
  fields: F & { readonly [K in RefusedField]?: never },
): StructSchema<F> {
  const kindByName = new Map<string, Kind>()
  for (const [name, schema] of Object.entries<Schema | undefined>(fields)) {
    checkKey(name)
    if (name === 'then') throw invalidValue('a field named then would make the handle a promise')
    if (schema === undefined) throw invalidValue('a field needs a schema', name)
    kindByName.set(name, schema.kind)
  }
  return schemaOf(structKind(kindByName))
}
