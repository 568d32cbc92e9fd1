import type { Partition } from './data.ts'
import type { Figures } from './schema.ts'

/** What the coordinator tells a container, over the channel that Node gives to child processes. */
export type Command =
  | { readonly kind: 'count'; readonly partition: Partition }
  | { readonly kind: 'digest' }
  | { readonly kind: 'figures' }
  | { readonly kind: 'stop' }

/** Where a container can be reached. */
export interface Ready {
  readonly kind: 'ready'
  readonly addresses: readonly string[]
  readonly gatewayUrl: string
}

/** A partition is counted, and the peers that hold it are `replicas`. */
export interface Counted {
  readonly kind: 'counted'
  readonly operations: number
  readonly replicas: number
  /** When the last write returned, by the clock that all processes of this machine share. */
  readonly lastWriteMs: number
  /** What the embedded peer has sent so far; a short function has none. */
  readonly sent?: Sent
}

/** What an embedded peer has sent since it started. */
export interface Sent {
  readonly updates: number
  readonly batches: number
  readonly bytes: number
}

/** What a container answers. */
export type Reply =
  | Ready
  | Counted
  | { readonly kind: 'digest'; readonly digest: string; readonly lastChangeMs: number }
  | { readonly kind: 'figures'; readonly figures: Figures; readonly sent: Sent }
  | { readonly kind: 'stopped' }

export type ReplyTo<K extends Reply['kind']> = Extract<Reply, { readonly kind: K }>

/** Milliseconds since 1970, finer than `Date.now()`. */
export function nowMs(): number {
  return performance.timeOrigin + performance.now()
}
