import { decodeHex, encodeHex } from '../codec/hex.ts'
import { Reader } from '../codec/reader.ts'
import { decodeValue, valueBytes } from '../codec/value.ts'
import { invalidValue } from '../errors.ts'
import { DraftObject } from '../faces/draft.ts'
import { LocalHandle } from '../faces/local.ts'
import { PLACE } from '../faces/members.ts'
import { RemoteHandle, remoteClass } from '../faces/remote.ts'
import type { DocumentHandle, DocumentValue } from '../handles/document.ts'
import type { Kind } from '../kind.ts'
import type { Schema } from '../schema.ts'
import {
  DocumentNode,
  EMPTY_DOCUMENT,
  decodeDocumentDelta,
  decodeDocumentWhole,
  frozenInitial,
  type InitialDocument,
} from '../leaves/automerge/document-node.ts'
import { editsOf } from '../leaves/automerge/draft.ts'
import {
  checkEdits,
  checkMessage,
  checkPath,
  type DocumentEdit,
} from '../leaves/automerge/edits.ts'
import { automergeEngine } from '../leaves/automerge/engine.ts'
import { initialChange, type HistoryEntry } from '../leaves/automerge/history-document.ts'
import { checkBytes, copyValue, type Container } from '../leaves/automerge/value.ts'
import { defineKind, schemaOf, valueText } from './define.ts'
import type { Shareable } from './shareable.ts'

type Change = (draft: never) => unknown

class LocalDocument extends LocalHandle<DocumentNode, unknown> {
  change(change: Change, options?: unknown): void {
    checkFunction(change)
    const message = messageOf(options)
    this[PLACE].context.gate.checkRoom()
    const node = this.find()
    const edits =
      node === undefined
        ? editsOf(copyValue(this.read()) as Container, change)
        : node.editsOf(change)
    if (edits.length === 0) return
    checkBytes(edits)
    this.make().edit(edits, message)
  }

  edit(edits: unknown, options?: unknown): void {
    const checked = checkEdits(edits)
    const message = messageOf(options)
    if (checked.length === 0) return
    const node = this.make()
    node.edit(node.resume(checked), message)
  }

  history(): readonly HistoryEntry[] {
    return this.find()?.history() ?? []
  }

  readAt(id: unknown): unknown {
    const found = typeof id === 'string' ? this.find()?.readAt(id) : undefined
    if (found === undefined)
      throw invalidValue('the id of a change in the history of this document', id)
    return found.value
  }

  conflicts(path: unknown): readonly unknown[] {
    const checked = checkPath(path)
    return this.find()?.conflicts(checked) ?? []
  }
}

const EDITS_ONLY = 'in a transaction behind a gateway a document takes no change(): use edit()'

/** What is sent from where the engine is not: the function runs here, and its edits travel. */
class RemoteDocumentBase extends RemoteHandle<unknown> {
  change(change: Change, options?: unknown): Promise<void> {
    checkFunction(change)
    const message = messageOf(options)
    const { object } = this[PLACE]
    if (object instanceof DraftObject) {
      return object.attempt('change', () => {
        // A draft reads nothing, but where the data is it carries the function to it. Elsewhere none can be sent.
        if (object.home !== undefined) throw invalidValue(EDITS_ONLY)
        return this.call('change', [change, { message }]) as Promise<void>
      })
    }
    return this.read().then(async (value) => {
      const edits = editsOf(copyValue(value) as Container, change)
      if (edits.length > 0) await this.edit(edits, { message })
    })
  }

  edit(edits: readonly DocumentEdit[], options?: unknown): Promise<unknown> {
    const message = messageOf(options)
    return this.call('edit', message === undefined ? [edits] : [edits, { message }])
  }
}

function checkFunction(change: unknown): void {
  if (typeof change !== 'function') throw invalidValue('a change is a function', change)
}

function messageOf(options: unknown): string | undefined {
  if (options === undefined) return undefined
  if (typeof options !== 'object' || options === null)
    throw invalidValue('options are an object', options)
  return checkMessage((options as { message?: unknown }).message)
}

function decodeInitial(hex: string): InitialDocument {
  const reader = new Reader(decodeHex(hex))
  const decoded = decodeValue(reader)
  reader.end()
  const value = checkInitial(decoded)
  let change: { readonly bytes: Uint8Array | undefined } | undefined
  return {
    value,
    change: () => (change ??= { bytes: initialChange(value) }).bytes,
  }
}

function checkInitial(value: unknown): Record<string, unknown> {
  const copy = copyValue(value)
  if (
    typeof copy !== 'object' ||
    copy === null ||
    Object.getPrototypeOf(copy) !== Object.prototype
  ) {
    throw invalidValue('a document begins as an object', value)
  }
  return copy as Record<string, unknown>
}

/** The kind of a document; the initial value is part of the schema, as hex of its encoding. */
export function documentKind(args: readonly unknown[]): Kind {
  const [hex] = args
  if (args.length !== 1 || typeof hex !== 'string' || !/^([0-9a-f]{2})+$/.test(hex)) {
    throw invalidValue('a document has an initial value')
  }
  const initial = decodeInitial(hex)
  const kind: Kind = defineKind<DocumentNode>({
    name: 'document',
    args,
    text: `document(${valueText(initial.value)})`,
    engines: [automergeEngine],
    verbs: { change: 'write', edit: 'write', history: 'read', readAt: 'read', conflicts: 'read' },
    zero: () => frozenInitial(initial),
    read: (node) => node.read(),
    emptyWhole: () => EMPTY_DOCUMENT,
    createNode: (context, parent, key) => new DocumentNode(context, parent, key, initial),
    decodeDelta: decodeDocumentDelta,
    decodeWhole: decodeDocumentWhole,
    local: (place) => new LocalDocument(kind, place),
    remote: (place) => new Remote(kind, place),
  })
  const Remote = remoteClass(kind.verbs, RemoteDocumentBase)
  return kind
}

/** The schema of a document that reads as `T`. */
export type DocumentSchema<T> = Schema<{
  readonly value: DocumentValue<T>
  readonly local: DocumentHandle<'local', T>
  readonly remote: DocumentHandle<'remote', T>
  readonly strong: DocumentHandle<'strong', T>
}>

/**
 * A JSON document with history, conflicts and time travel, which begins as `initial`. For documents that people edit
 * and look back on; for hot data, maps and counters are a hundred times as fast and forget what is over.
 */
export function document<T extends object>(initial: T & Shareable<T>): DocumentSchema<T> {
  return schemaOf(documentKind([encodeHex(valueBytes(checkInitial(initial)))]))
}
