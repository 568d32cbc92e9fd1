import type { Figures } from './schema.ts'

/** What the coordinator tells a container, over the channel that Node gives to child processes. */
export type Command =
  | { readonly kind: 'work' }
  /** Claims so many partitions, and stands still in the middle of the last: it is to be killed there. */
  | { readonly kind: 'work-and-stop'; readonly partitions: number }
  | { readonly kind: 'stop' }

/** Where a container can be reached. */
export interface Ready {
  readonly kind: 'ready'
  readonly addresses: readonly string[]
  readonly gatewayUrl: string
}

/** What a function has done, whatever it is to do yet. */
export interface Done {
  /** The names of the partitions that it finished. */
  readonly partitions: readonly string[]
  readonly operations: number
  /** When the last write returned, by the clock that all processes of this machine share. */
  readonly lastWriteMs: number
}

/** A partition that came back when its claimer died, and what was found of it when all had met. */
export interface Returned {
  readonly partition: string
  readonly slicesFound: number
  readonly slices: number
}

/** What an embedded peer has sent since it started. */
export interface Sent {
  readonly updates: number
  readonly batches: number
  readonly bytes: number
}

/** What a container tells when all is counted, all have met, and it has read its replica at once. */
export interface Worked {
  readonly kind: 'worked'
  readonly done: Done
  readonly returned: readonly Returned[]
  readonly figures: Figures
  readonly readMs: number
  readonly sent: Sent
}

/** What a container or a short function answers. */
export type Reply =
  | Ready
  | { readonly kind: 'claimed' }
  | { readonly kind: 'half-way'; readonly done: Done; readonly sent: Sent }
  | Worked
  | { readonly kind: 'counted'; readonly done: Done }
  | { readonly kind: 'stopped' }

export type ReplyTo<K extends Reply['kind']> = Extract<Reply, { readonly kind: K }>

/** Milliseconds since 1970, finer than `Date.now()`. */
export function nowMs(): number {
  return performance.timeOrigin + performance.now()
}
