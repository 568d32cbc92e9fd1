/**
 * What this peer makes of another one.
 *
 * - `alive`: heard within the time that is usual for it.
 * - `slow`: silent for longer than that, and others are being asked; or it does not read what is sent to it.
 * - `unreachable`: silent here, or its connection broke, while others hear it or none of those asked answers: what is
 *   broken is between it and this peer.
 * - `frozen`: silent to the others too, while its connections stand: stopped, or cut off from all.
 * - `dead`: its connections were closed by its system, here or at those who were asked.
 */
export type Condition = 'alive' | 'slow' | 'unreachable' | 'frozen' | 'dead'

/** What another member can say of a peer: heard just now; silent; no longer connected to it; or nothing. */
export type InquiryOutcome = 'heard' | 'silent' | 'gone' | 'unknown'

/** What somebody makes of a peer, told to another. */
export interface Suspicion {
  readonly peer: string
  readonly condition: Condition
}

/** What happens to a detector. Times are of one monotonic clock, in ms. */
export type DetectorInput =
  | { readonly kind: 'connected'; readonly peer: string; readonly nowMs: number }
  /** Its connection was closed, by whomever. */
  | { readonly kind: 'disconnected'; readonly peer: string; readonly nowMs: number }
  /** Something came from it, last `atMs`; `gapMs` is the longest pause before, once for each stretch of a heartbeat. */
  | {
      readonly kind: 'heard'
      readonly peer: string
      readonly atMs: number
      readonly gapMs: number | undefined
    }
  /** It does not read what is sent to it, or reads again. */
  | { readonly kind: 'behind' | 'drained'; readonly peer: string; readonly nowMs: number }
  /** It said that it does not come back. */
  | { readonly kind: 'left'; readonly peer: string }
  /** `from` asks for what is heard of `peer`. */
  | {
      readonly kind: 'asked'
      readonly from: string
      readonly token: number
      readonly peer: string
      readonly nowMs: number
    }
  | {
      readonly kind: 'answered'
      readonly from: string
      readonly token: number
      readonly outcome: InquiryOutcome
      readonly nowMs: number
    }
  | {
      readonly kind: 'told'
      readonly from: string
      readonly suspicions: readonly Suspicion[]
      readonly nowMs: number
    }
  /** This peer stood still: what it knows of the others' silence is void. */
  | { readonly kind: 'thawed'; readonly nowMs: number }
  /** `chance` in [0, 1) chooses who is asked; `lateMs` is how late this tick is. */
  | {
      readonly kind: 'tick'
      readonly nowMs: number
      readonly chance: number
      readonly lateMs: number
    }

/** What a detector wants done. */
export type DetectorEffect =
  /** Have `via` say what it hears of `peer`. */
  | { readonly kind: 'ask'; readonly via: string; readonly token: number; readonly peer: string }
  | {
      readonly kind: 'answer'
      readonly to: string
      readonly token: number
      readonly outcome: InquiryOutcome
    }
  /** Have `peer` say something, if it can. */
  | { readonly kind: 'ping'; readonly peer: string }
  | {
      readonly kind: 'tell'
      readonly to: string
      readonly suspicions: readonly Suspicion[]
    }
  | {
      readonly kind: 'changed'
      readonly peer: string
      readonly was: Condition
      readonly is: Condition
      readonly silentMs: number
      /** How many of the members that were asked hear it. */
      readonly heardBy: number
    }
  /** The connection to it is of no use. */
  | { readonly kind: 'close'; readonly peer: string; readonly silentMs: number }
  | { readonly kind: 'ignored'; readonly reason: string }

/** The times and bounds of a detector. */
export interface DetectorSettings {
  /** Who has nothing to say says so this often. */
  readonly heartbeatMs: number
  /** The shortest and the longest silence that is taken for normal, whatever was observed. */
  readonly timeoutMinMs: number
  readonly timeoutMaxMs: number
  /** How long those who are asked have. */
  readonly inquiryMs: number
  /** Who answers others has so long to be heard here as well: it may have been held up, and have come to the others first. */
  readonly settleMs: number
  /** How long who is asked listens before it says `silent`. */
  readonly listenMs: number
  /** After a verdict it is asked again this often, for what was a freeze may be a partition. */
  readonly againMs: number
  /** How many members are asked. */
  readonly witnesses: number
  /** The connection to a silent peer is kept for so long when nobody could be asked, for it may be the connection… */
  readonly silentMaxMs: number
  /** …and for so long when others say that it is frozen, for then a new one would be no better. */
  readonly frozenMaxMs: number
  /** A peer without a connection is remembered for so long. */
  readonly rememberMs: number
}

/** The settings of a peer. Detection of a freeze takes `timeoutMinMs` + `listenMs` and two ticks, when all is calm. */
export const defaultDetectorSettings: DetectorSettings = {
  heartbeatMs: 1000,
  timeoutMinMs: 3000,
  timeoutMaxMs: 10_000,
  inquiryMs: 2000,
  settleMs: 1000,
  listenMs: 1000,
  againMs: 5000,
  witnesses: 3,
  silentMaxMs: 15_000,
  frozenMaxMs: 120_000,
  rememberMs: 300_000,
}
