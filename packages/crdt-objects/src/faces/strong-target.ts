import type { WaitOptions } from '../wait-options.ts'

/** How a method is called: a command takes its place in the order, a read changes nothing. */
export type MethodMode = 'command' | 'read'

/** What came of one call. */
export interface StrongAnswer {
  readonly value: unknown
  /** The call's place in the order of its group: a fence, a bookmark, a witness. */
  readonly index: number
  /** Of a command: fires when the session that it was made in is lost, and with it whatever the call got. */
  readonly lost?: AbortSignal | undefined
}

/** One call of an object in strong mode. */
export interface StrongCall {
  /** The place within the object; empty for the object itself. */
  readonly path: readonly string[]
  readonly method: string
  readonly mode: MethodMode
  readonly args: readonly unknown[]
  readonly options: WaitOptions
  /**
   * Called when the caller has given up, and the call turns out to have been done all the same: gives back what it got,
   * so that cancelling leaves nothing behind.
   */
  readonly undo?: ((answer: StrongAnswer) => void) | undefined
}

/** Time as a caller's own clock has it: what is held for a time is taken for lost by it. */
export interface StrongClock {
  /** Never goes back. */
  nowMs(): number
  /** Runs `task` once after `delayMs`; gives what prevents it. */
  after(delayMs: number, task: () => void): () => void
}

/** An object in strong mode, as its handle needs it: a peer and a client implement this. */
export interface StrongTarget {
  readonly name: string
  /** The space it is in, by identity: objects in strong mode of one space share it, and nothing else has it. */
  readonly home?: object | undefined
  /**
   * Rejects with CALL_TIMEOUT, SESSION_EXPIRED, GROUP_UNAVAILABLE, the signal's own reason, and the object's failures.
   */
  call(call: StrongCall): Promise<StrongAnswer>
  /** Resolves with the position of a change after position `after`, once there is one. */
  changed(after: number, options: WaitOptions): Promise<number>
  /** Opens another object of the same space in the same mode, as a reference does; whoever asks makes its handle. */
  open(name: string, descriptor: string, options: WaitOptions): Promise<StrongTarget>
  /** Fires when the session is lost that holds what this side holds: others may hold it by now. */
  readonly sessionLost: AbortSignal
  readonly clock: StrongClock
}

/** All that shared code needs to know of a kind that exists in strong mode only. */
export interface StrongKind {
  readonly name: string
  /** What defines the kind, as JSON: `["lock",1,{"reentrant":false}]`. Equal exactly for equal schemas. */
  readonly descriptor: string
  /** As its builder would be written, for people. */
  readonly text: string
  readonly methods: ReadonlyMap<string, MethodMode>
  /** The handle of an object of this kind. */
  face(target: StrongTarget, options: WaitOptions): object
}
