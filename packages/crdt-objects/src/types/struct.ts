import type { BatchReader } from '../codec/batch-reader.ts'
import { invalidValue } from '../errors.ts'
import { LocalHandle } from '../faces/local.ts'
import { PLACE } from '../faces/members.ts'
import { ChildPlace } from '../faces/place.ts'
import { remoteChild } from '../faces/remote-place.ts'
import { RemoteHandle, remoteClass } from '../faces/remote.ts'
import type { Fields, StructHandle } from '../handles.ts'
import type { Kind, KindView, SchemaDifference } from '../kind.ts'
import type { Schema, ValueOf } from '../schema.ts'
import type { Children } from '../state/branch-node.ts'
import type { StructKind } from '../state/struct-node.ts'
import { FieldTable, StructNode, slotOf } from '../state/struct-node.ts'
import { defineKind, descriptorJson, differentKind, kindOfSchema, schemaOf } from './define.ts'
import { checkKey } from './text-key.ts'

/** A field as one schema sees it. */
interface Field {
  /** What this process calls it. */
  readonly property: string
  /** What everyone calls it: the property, unless it was renamed. */
  readonly name: string
  readonly kind: Kind
}

/** A field of a struct under another name: see {@link renamed}. */
export type RenamedSchema<S extends Schema> = S & { readonly wireName: string }

/** A struct, with how one schema sees it. */
interface ViewedStruct extends StructKind {
  readonly fieldView: FieldView
}

/** The fields of one schema by what they are called here, and by what others call them. */
class FieldView {
  readonly fields: readonly Field[]
  private readonly fieldByName = new Map<string, Field>()

  constructor(fields: readonly Field[]) {
    this.fields = fields
    // Where programs that disagree have met, one name stands for several fields: the first of them is found by it.
    for (const field of fields.toReversed()) {
      this.fieldByName.set(field.name, field)
      this.fieldByName.set(field.property, field)
    }
  }

  find(name: string): Field {
    const field = this.fieldByName.get(name)
    if (field !== undefined) return field
    const properties = this.fields.map(({ property }) => property).join(', ')
    throw invalidValue(`the struct has the fields ${properties}`, name)
  }
}

/** A class of remote structs keeps here what its schema sees. */
const VIEW = Symbol('view')

class LocalStruct extends LocalHandle<StructNode, Record<string, unknown>> {
  readonly #view: FieldView
  readonly #faceByProperty = new Map<string, object>()

  constructor(kind: Kind, place: LocalStruct[typeof PLACE], view: FieldView) {
    super(kind, place)
    this.#view = view
  }

  at(name: string): object {
    const field = this.#view.find(name)
    let face = this.#faceByProperty.get(field.property)
    if (face === undefined) {
      face = field.kind.local(new ChildPlace(this[PLACE], slotOf(field), field.name))
      this.#faceByProperty.set(field.property, face)
    }
    return face
  }
}

class RemoteStruct extends RemoteHandle<Record<string, unknown>> {
  protected readonly [VIEW]?: FieldView

  at(name: string): object {
    const view = this[VIEW]
    if (view === undefined) throw new Error('a struct face without fields')
    const field = view.find(name)
    return field.kind.remote(remoteChild(this[PLACE], field.name))
  }
}

function readSlot({ body }: BatchReader, { slots }: FieldTable): string {
  return slots[body.varint()] ?? body.fail('field that the struct does not have')
}

function decodeFields(
  batch: BatchReader,
  table: FieldTable,
  part: (kind: Kind) => unknown,
): Children {
  const children = new Map<string, unknown>()
  for (let left = batch.body.count(2); left > 0; left--) {
    const slot = readSlot(batch, table)
    if (children.has(slot)) batch.body.fail('field named twice')
    children.set(slot, part(table.known(slot).kind))
  }
  return children
}

/** Whether a member of a handle has that name, on either face: code for one is then code for the other. */
function isHidden(property: string): boolean {
  return property in LocalStruct.prototype || property in RemoteStruct.prototype
}

/** A property for each field that no member of a handle hides. */
function addFields(prototype: object, fields: readonly Field[]): void {
  for (const { property } of fields) {
    // Where programs that disagree have met, one name comes several times.
    if (isHidden(property) || property in prototype) continue
    Object.defineProperty(prototype, property, {
      get(this: { at(name: string): object }) {
        return this.at(property)
      },
    })
  }
}

/** How names follow from those of others, if any field here or below was renamed. */
function viewOf(fields: readonly Field[]): KindView | undefined {
  if (!fields.some(({ property, name, kind }) => property !== name || kind.view !== undefined)) {
    return undefined
  }
  return {
    value: (value) => {
      const byName = value as Readonly<Record<string, unknown>>
      return Object.fromEntries(
        fields.map(({ property, name, kind }) => [
          property,
          kind.view === undefined ? byName[name] : kind.view.value(byName[name]),
        ]),
      )
    },
    path: ([step, ...rest]) => {
      if (step === undefined) return []
      const field = fields.find(({ name }) => name === step)
      if (field === undefined) return [step, ...rest]
      return [field.property, ...(field.kind.view?.path(rest) ?? rest)]
    },
  }
}

/** The kind of a struct with these fields. */
export function structKind(fields: readonly Field[]): ViewedStruct {
  const table = new FieldTable(fields)
  const view = new FieldView(fields)
  class Local extends LocalStruct {}
  class Remote extends RemoteStruct {
    protected override readonly [VIEW] = view
  }
  addFields(Local.prototype, fields)
  addFields(Remote.prototype, fields)
  const kind: Kind = defineKind<StructNode>({
    name: 'struct',
    args: table.fields.map((field) => [field.name, descriptorJson(field.kind)]),
    familyArgs: [],
    text: `struct({ ${fields.map(({ property, kind }) => `${property}: ${kind.text}`).join(', ')} })`,
    union: (other) => structKind(unionOf(table, (other as StructKind).table)),
    compare: (other, path) => {
      const theirs = other as Partial<ViewedStruct>
      if (theirs.fieldView === undefined) return [differentKind(kind, other, path)]
      return compareFields(view, theirs.fieldView, path)
    },
    verbs: {},
    engines: [...new Set(fields.flatMap((field) => field.kind.engines))],
    validates: fields.some((field) => field.kind.validates),
    view: viewOf(fields),
    zero: () => Object.fromEntries(fields.map(({ property, kind }) => [property, kind.zero()])),
    read: (node) => readFields(node, fields),
    emptyWhole: () => new Map(),
    createNode: (context, parent, key) => new StructNode(context, parent, key, table),
    decodeDelta: (batch) => decodeFields(batch, table, (field) => field.decodeDelta(batch)),
    decodeWhole: (batch) => decodeFields(batch, table, (field) => field.decodeWhole(batch)),
    branching: {
      removes: false,
      readKey: (batch) => readSlot(batch, table),
      kindAt: (slot) => table.known(slot).kind,
      step: (slot) => table.known(slot).name,
    },
    local: (place) => new Local(kind, place, view),
    remote: (place) => new Face(kind, place),
  })
  const Face = remoteClass(kind.verbs, Remote)
  return Object.assign(kind, { table, fieldView: view })
}

/** All fields of two schemas, as others know them. */
function unionOf(first: FieldTable, second: FieldTable): Field[] {
  const slots = new Set([...first.slots, ...second.slots])
  return [...slots].map((slot) => {
    const mine = first.field(slot)
    const theirs = second.field(slot)
    const field = mine ?? second.known(slot)
    const kind =
      mine === undefined || theirs === undefined ? field.kind : mine.kind.union(theirs.kind)
    return { property: field.name, name: field.name, kind }
  })
}

function compareFields(
  first: FieldView,
  second: FieldView,
  path: readonly string[],
): readonly SchemaDifference[] {
  const differences: SchemaDifference[] = []
  for (const { property, name, kind } of first.fields) {
    const here = [...path, property]
    const named = second.fields.filter((field) => field.name === name)
    // Where programs that disagree have met, a name stands for several fields: ours is one of them, or it is not.
    const theirs = named.find((field) => field.kind.family === kind.family) ?? named[0]
    if (theirs === undefined) {
      differences.push({ path: here, change: 'field-missing', compatible: true, first: kind.text })
      continue
    }
    if (theirs.property !== property) {
      const names = { first: property, second: theirs.property }
      differences.push({ path: here, change: 'field-renamed', compatible: true, ...names })
    }
    differences.push(...kind.compare(theirs.kind, here))
  }
  const known = new Set(first.fields.map(({ name }) => name))
  for (const { property, name, kind } of second.fields) {
    if (known.has(name)) continue
    const here = [...path, property]
    differences.push({ path: here, change: 'field-added', compatible: true, second: kind.text })
  }
  return differences
}

function readFields(node: StructNode, fields: readonly Field[]): Record<string, unknown> {
  const value: Record<string, unknown> = {}
  for (const field of fields) {
    const child = node.child(slotOf(field))
    value[field.property] = child === undefined ? field.kind.zero() : field.kind.read(child)
  }
  return value
}

/** Names that would make a handle a thenable, or reach into the language. */
type RefusedField = 'then' | '__proto__'

/** The schema of a struct with fields `F`. */
export type StructSchema<F extends Fields> = Schema<{
  readonly value: { readonly [K in keyof F]: ValueOf<F[K]> }
  readonly local: StructHandle<'local', F>
  readonly remote: StructHandle<'remote', F>
  readonly strong: StructHandle<'strong', F>
}>

/**
 * A fixed set of named objects. Fields need no creation, so concurrent first uses always merge. Schemas that differ in
 * their fields share one object: each sees its own (see `compatibility`).
 */
export function struct<F extends Fields>(
  fields: F & { readonly [K in RefusedField]?: never },
): StructSchema<F> {
  if (typeof (fields as unknown) !== 'object' || (fields as unknown) === null) {
    throw invalidValue('a struct is made of fields: an object of schemas', fields)
  }
  const list = Object.entries<Schema | undefined>(fields).map(([property, schema]): Field => {
    checkField(property)
    const kind = kindOfSchema(schema, `the field ${property}`)
    const name = (schema as Partial<RenamedSchema<Schema>>).wireName ?? property
    return { property, name, kind }
  })
  checkNames(list)
  return schemaOf(structKind(list))
}

/** A path from elsewhere has the one name, a path from here the other: together they must be one way of naming. */
function checkNames(fields: readonly Field[]): void {
  const ownerByName = new Map<string, string>()
  for (const { property, name } of fields) {
    for (const each of new Set([property, name])) {
      const owner = ownerByName.get(each)
      if (owner !== undefined) {
        throw invalidValue(
          `the fields ${owner} and ${property} have one name, renamed as they are`,
          each,
        )
      }
      ownerByName.set(each, property)
    }
  }
}

/**
 * A field that others know as `name`: it can have a new name here while older programs go on with the old one.
 *
 * ```ts
 * const Page = struct({ headline: renamed('title', register<string>()) })
 * ```
 */
export function renamed<S extends Schema>(name: string, schema: S): RenamedSchema<S> {
  checkField(name)
  return Object.freeze({ ...schema, kind: kindOfSchema(schema, 'a renamed field'), wireName: name })
}

function checkField(name: string): void {
  checkKey(name)
  if (name === 'then') throw invalidValue('a field named then would make the handle a promise')
}
