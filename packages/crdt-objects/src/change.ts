/** One step through a text or list, as editors know it: pass over, put in, or take out. */
export type SequenceStep =
  | { readonly retain: number; readonly attributes?: Readonly<Record<string, unknown>> }
  | {
      readonly insert: string | readonly unknown[]
      readonly attributes?: Readonly<Record<string, unknown>>
    }
  | { readonly delete: number }

/** One place that changed. */
export interface ChangedPlace {
  /** The path from the place that is watched; `[]` is that place itself. */
  readonly path: readonly string[]
  /**
   * For texts and lists: the steps from the value before to the value after. Absent where a slow reader got several
   * changes as one: then read the value again.
   */
  readonly delta?: readonly SequenceStep[] | undefined
}

/** What changed in an object, told to subscribers. A transaction is one change. */
export interface Change {
  readonly origin: 'local' | 'remote'
  /** Replica ids (16 hex digits) whose updates this change brings. */
  readonly by: readonly string[]
  readonly detail: readonly ChangedPlace[]
}
