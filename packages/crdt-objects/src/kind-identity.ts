/** How a verb is called: one answer, an answer that changes nothing, or a sequence. */
export type VerbMode = 'read' | 'write' | 'stream'

/** What names a kind: all that those may know of it who only pass it on. */
export interface KindIdentity {
  readonly name: string
  /** What defines the kind, as canonical JSON: equal exactly for equal schemas. */
  readonly descriptor: string
  /** 64-bit hash of the descriptor, 16 hex digits. */
  readonly fingerprint: string
  /**
   * What state is kept under: the descriptor with the fields of structs left out. Kinds of one family share their
   * state; what differs is which fields each can see.
   */
  readonly family: string
}
