import type { Answer, Extra, Face, HandleBase } from '../handles.ts'
import type { DocumentEdit, DocumentPath } from '../leaves/automerge/edits.ts'
import type { HistoryEntry } from '../leaves/automerge/history-document.ts'

/** A document as a change function sees it: plain data to write to. */
export type DocumentDraft<T> = T extends Date | Uint8Array
  ? T
  : T extends readonly (infer I)[]
    ? DocumentDraft<I>[]
    : T extends object
      ? { -readonly [K in keyof T]: DocumentDraft<T[K]> }
      : T

/** A document as it is read: a frozen snapshot. */
export type DocumentValue<T> = T extends Date | Uint8Array
  ? T
  : T extends readonly (infer I)[]
    ? readonly DocumentValue<I>[]
    : T extends object
      ? { readonly [K in keyof T]: DocumentValue<T[K]> }
      : T

/** Options of one change of a document. */
export interface DocumentChangeOptions {
  /** What the history says of it. */
  readonly message?: string | undefined
}

/**
 * Free-form JSON with its history: concurrent changes merge place by place, nothing that was ever written is lost.
 *
 * Of concurrent writes to one place one wins everywhere and `conflicts` tells the others. Items that are put into a
 * list concurrently are all there. A string of up to 64 characters is one value; a longer one is text, and changes to
 * parts of it merge.
 */
export type DocumentHandle<P extends Face, T> = HandleBase<P, DocumentValue<T>> & {
  /**
   * Makes one change: `change` writes to the draft as to plain data, synchronously. When it throws, nothing is changed.
   *
   * Behind a gateway it runs here, on what was read, and its edits are sent: a place that somebody else took away
   * meanwhile is VALUE_INVALID: try again. In a transaction behind a gateway there is nothing to run it on: use `edit`.
   *
   * @throws JoineryError VALUE_INVALID, OBJECT_TOO_LARGE; nothing changed
   */
  change(
    change: (draft: DocumentDraft<T>) => void,
    options?: DocumentChangeOptions,
  ): Answer<P, void>
  /** Makes one change of these edits: what `change` comes down to, as data. */
  edit(edits: readonly DocumentEdit[], options?: DocumentChangeOptions): Answer<P, void>
  /** All changes, each after those that its author had seen. */
  history(): Answer<P, readonly HistoryEntry[]>
  /** What the author of a change in the history read after making it. */
  readAt(id: string): Answer<P, DocumentValue<T>>
  /** The concurrently written values that lost at a place, latest first. The next write there ends the conflict. */
  conflicts(path: DocumentPath): Answer<P, readonly unknown[]>
} & Extra<P, DocumentValue<T>>
