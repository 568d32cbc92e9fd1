/** What changed in an object, told to subscribers. */
export interface Change {
  readonly origin: 'local' | 'remote'
  /** Replica ids (16 hex digits) whose updates this change brings. */
  readonly by: readonly string[]
  /** Places below the subscribed one that changed, each the path from it; `[]` is the place itself. */
  readonly detail: readonly (readonly string[])[]
}
