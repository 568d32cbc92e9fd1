import { type RefusalReason } from './errors.ts'

/** Something that a healthy cluster does not show. None of it stops a peer. */
export type Report =
  /** Another peer did not prove that it belongs here, or this one did not there. */
  | { readonly kind: 'peer-refused'; readonly peer: string; readonly reason: RefusalReason }
  /** No bootstrap address has answered: this peer works alone, and tries them on. Told again while that lasts. */
  | {
      readonly kind: 'not-joined'
      readonly addresses: readonly string[]
      readonly waitedMs: number
    }
  /** The cluster is reached, after `not-joined`. */
  | { readonly kind: 'joined-late'; readonly afterMs: number }
  /** A member sent what its protocol does not allow; its connection was closed. */
  | { readonly kind: 'frame-invalid'; readonly peer: string; readonly reason: string }
  /** A member did not read as fast as was written: what was queued for it is dropped, and fetched later. */
  | { readonly kind: 'peer-slow'; readonly peer: string; readonly bytes: number }
  /** A member was silent for too long; its connection was closed, and is tried again. */
  | { readonly kind: 'peer-silent'; readonly peer: string; readonly silentMs: number }
  /**
   * A member is silent: `frozen`, and other members do not hear it either, or nobody could be asked; `unreachable`, and
   * `heardBy` of those that were asked do hear it, or none of them answers: then this peer is cut off.
   */
  | {
      readonly kind: 'peer-suspected'
      readonly peer: string
      readonly condition: 'frozen' | 'unreachable'
      readonly silentMs: number
      readonly heardBy: number
    }
  /** A member that was suspected is there again, so long after it was last heard. */
  | { readonly kind: 'peer-heard-again'; readonly peer: string; readonly afterMs: number }
  /** This peer itself stood still: stopped, or with an event loop that was held up for so long. */
  | { readonly kind: 'peer-thawed'; readonly stoodStillMs: number }
  /** A member left, and nobody is known to hold so many of the updates that it made. */
  | { readonly kind: 'peer-left'; readonly peer: string; readonly unsent: number }
  /** A batch or state that does not decode; nothing of it was applied. */
  | {
      readonly kind: 'batch-quarantined'
      readonly space: string
      readonly reason: string
      readonly bytes: number
    }
  /** A library that objects of this space need cannot be loaded: what mentions it waits, and it is tried again. */
  | {
      readonly kind: 'engine-failed'
      readonly space: string
      readonly engine: string
      readonly error: unknown
    }
  /** The gateway failed at a client's call through a fault of its own. */
  | { readonly kind: 'gateway-fault'; readonly error: unknown }
  /** The disk of a group's member failed, or holds what cannot be read: the member stopped. */
  | {
      readonly kind: 'group-storage-failed'
      readonly group?: number | undefined
      readonly error: unknown
    }
  /** What another member of a group sent made no sense, and changed nothing. */
  | { readonly kind: 'group-message-ignored'; readonly group: number; readonly reason: string }
  /** The replicas of an object in strong mode differ: it takes no more calls. Its class is not deterministic. */
  | {
      readonly kind: 'object-diverged'
      readonly group: number
      readonly object: number
      readonly members: readonly number[]
    }
  /**
   * The group that leases slots, or every peer that has the space, was out of reach for so long: the space begins here
   * with nothing, alone. What is written is merged in once they are reached.
   */
  | { readonly kind: 'space-alone'; readonly space: string; readonly waitedMs: number }
  /**
   * A space was opened, but so long after these peers still had not told what they hold: it may lack some of that until
   * they do. None are named where it was not known yet who has the space.
   */
  | {
      readonly kind: 'space-behind'
      readonly space: string
      readonly peers: readonly string[]
      readonly waitedMs: number
    }
  /** This replica was sealed while it was cut off or stood still. It begins anew; what it wrote is written again. */
  | { readonly kind: 'space-fenced'; readonly space: string }
  /** It was away for so long that nobody knows which of so many batches of its writes are in. */
  | { readonly kind: 'outcome-unknown'; readonly space: string; readonly batches: number }
  /** So many batches that others may not hold can no longer be kept here: if this replica is sealed, they are lost. */
  | { readonly kind: 'writes-unkept'; readonly space: string; readonly batches: number }
  /** So many batches of what was written before it was sealed are written again, but not in full: what they build on is gone. */
  | { readonly kind: 'rewritten-in-part'; readonly space: string; readonly batches: number }
  /** The space has ended, and is closed here. Of what was written here nobody is known to have held so many updates. */
  | { readonly kind: 'space-ended'; readonly space: string; readonly unsent: number }
  /** The space was closed here, but could not be handed over: nobody is known to hold so many updates that were written here. */
  | { readonly kind: 'space-closed'; readonly space: string; readonly unsent: number }
  /** What was written before a call was not here in time after it. A replica that held it alone may be gone. */
  | { readonly kind: 'visibility-late'; readonly space: string; readonly waitedMs: number }
  /** More of the heap lives than `heapBytesMax`: local operations that add something are refused until it has room again. */
  | { readonly kind: 'heap-full'; readonly bytes: number; readonly bytesMax: number }
  | { readonly kind: 'heap-has-room'; readonly bytes: number; readonly bytesMax: number }
  /** More was written here than `writeBytesPerSecondMax`, and is refused at times. Told once a minute at the most. */
  | { readonly kind: 'write-rate-reached'; readonly bytesPerSecondMax: number }
  /** Every member of a space was gone: what was in it is lost, and it goes on with nothing, as this generation. */
  | { readonly kind: 'space-lost'; readonly space: string; readonly generation: number }
  /**
   * Fewer keepers of a space are there than are to be, and than could be: less may be survived. Where it stays so, nothing
   * is acknowledged any more until an operator has looked: `joinery keepers <space>`.
   */
  | {
      readonly kind: 'space-under-replicated'
      readonly space: string
      readonly keepers: number
      readonly wanted: number
    }
  /** A message that made no sense where it came, and changed nothing. */
  | { readonly kind: 'message-ignored'; readonly space: string; readonly reason: string }

/** Takes reports: for a log. */
export type Reporter = (report: Report) => void

/**
 * One that never throws: reports are made in the midst of work that must not be left half done. What a user's throws is an
 * uncaught exception, afterwards. Where there is none, a fault of the gateway is a warning of Node: its client is told
 * only that there was one.
 */
export function safely(reporter: Reporter = warnOfFault): Reporter {
  return (report) => {
    try {
      reporter(report)
    } catch (error) {
      queueMicrotask(() => {
        throw error
      })
    }
  }
}

function warnOfFault(report: Report): void {
  if (report.kind !== 'gateway-fault') return
  process.emitWarning(report.error instanceof Error ? report.error : String(report.error))
}
