/** A place of an object's state that was written: its field, and of a map or set, the key. */
export interface KeyOfField {
  readonly field: number
  readonly key: unknown
}

/**
 * What parked calls may have to be run again for: fields that have another value, fields whose content changed, and keys
 * of maps and sets. A field that has another value counts for all who read anything in it.
 */
export interface Changes {
  readonly slots: readonly number[]
  readonly contents: readonly number[]
  readonly keys: readonly KeyOfField[]
}

/** What a run has read, in the same terms. Whoever read content or a key read the field, too. */
export type Reads = Changes
