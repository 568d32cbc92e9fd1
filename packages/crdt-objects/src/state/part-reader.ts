import type { BatchReader } from '../codec/batch-reader.ts'
import type { Kind } from '../kind.ts'
import { parseDescriptor } from '../types/descriptor.ts'
import { EngineMissing } from './engine-missing.ts'
import type { KnownKind, ObjectState } from './object-state.ts'
import type { ObjectTable } from './object-table.ts'

/** An object's part of a batch or state, decoded and checked, not applied. */
export interface Part extends Declared {
  readonly content: unknown
}

/** Which object it is of, and what is said of it. */
export interface Declared {
  readonly name: string
  /** By which it was encoded. */
  readonly kind: Kind
  readonly known: KnownKind | undefined
  /** Of a state: other schemas that later batches may name. */
  readonly older: readonly Kind[]
}

/** Reads what batches and states say of the objects of a space, and checks it. */
export class PartReader {
  private readonly table: ObjectTable
  /** What was learned last: as a rule the next batch brings something for it, too. */
  private recent: KnownKind | undefined

  constructor(table: ObjectTable) {
    this.table = table
  }

  /** @throws JoineryError ENCODING_INVALID; EngineMissing */
  read(batch: BatchReader, form: 'delta' | 'whole'): Part[] {
    const parts: Part[] = []
    const count = batch.body.count(11)
    const keys = count > 1 ? new Set<string>() : undefined
    for (let left = count; left > 0; left--) {
      const { name, kind, known, older } = this.readDeclared(batch, form)
      if (keys !== undefined) {
        const key = `${name}\n${kind.family}`
        if (keys.has(key)) batch.body.fail('object named twice')
        keys.add(key)
      }
      for (const { engines } of [kind, ...older]) {
        if (engines.some(({ loaded }) => !loaded)) throw new EngineMissing(engines)
      }
      const content = form === 'delta' ? kind.decodeDelta(batch) : kind.decodeWhole(batch)
      parts.push({ name, kind, known, older, content })
    }
    batch.body.end()
    return parts
  }

  /** Reads what comes before an object's content. */
  readDeclared(batch: BatchReader, form: 'delta' | 'whole'): Declared {
    const { name, kind, known } = this.decodeIdentity(batch, form === 'delta')
    const older = form === 'delta' ? [] : decodeOlder(batch, kind)
    const unknown = known === undefined ? [kind, ...older] : older
    this.table.checkLearnable(name, unknown, batch.body)
    return { name, kind, known, older }
  }

  /** The object that it is of, if it is here. */
  objectOf({ name, kind, known }: Declared): ObjectState | undefined {
    return known?.object ?? this.table.get(name, kind)
  }

  private decodeIdentity(batch: BatchReader, isOften: boolean): Omit<Declared, 'older'> {
    const { recent } = this
    if (isOften && recent !== undefined && batch.body.skip(recent.identity)) {
      batch.body.text()
      return { name: recent.object.name, kind: recent.kind, known: recent }
    }
    const name = batch.body.text()
    const fingerprint = batch.body.u64().toString(16).padStart(16, '0')
    const descriptor = batch.body.text()
    for (const object of this.table.named(name)) {
      const known = object.known(fingerprint)
      if (known !== undefined) return { name, kind: known.kind, known }
    }
    if (descriptor === '') return batch.body.fail('object that was never declared')
    const kind = parseDescriptor(descriptor)
    if (kind.fingerprint !== fingerprint) batch.body.fail('fingerprint of a schema')
    return { name, kind, known: undefined }
  }

  /** What is known of a part from now on. */
  learn({ name, kind, known, older }: Declared): KnownKind {
    const object = known?.object ?? this.table.learn(name, kind)
    for (const each of older) object.learn(each)
    object.shared = true
    this.recent = known ?? object.learn(kind)
    return this.recent
  }
}

function decodeOlder(batch: BatchReader, { family }: Kind): Kind[] {
  const kinds: Kind[] = []
  for (let left = batch.body.count(3); left > 0; left--) {
    const kind = parseDescriptor(batch.body.text())
    if (kind.family !== family) batch.body.fail('schemas of different families for one object')
    kinds.push(kind)
  }
  return kinds
}
