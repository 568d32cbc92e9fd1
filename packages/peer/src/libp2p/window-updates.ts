import type { Stream } from '@libp2p/interface'

/** What this file knows of a stream of yamux 8.0.3: none of it is in its public type. */
interface YamuxWindow {
  /** Bytes that the other side may still send. */
  readonly recvWindowCapacity: number
  /** Bytes that it may send once told. */
  readonly recvWindow: number
  readonly state: unknown
  sendWindowUpdate(): void
}

/** `StreamState.Established`, which the package does not export. */
const established = 3

/**
 * Has a stream say that it has read no sooner than half of its window is used up, as other implementations of yamux do.
 *
 * This one answers every data frame with a window update: a socket write, an encryption and a decryption for each
 * message, which doubled the traffic of replication and the time of a round trip. A stream that is not of that shape
 * is left as it is: it is slower then, and just as right.
 */
export function spareWindowUpdates(stream: Stream): void {
  const window = stream as unknown as Partial<YamuxWindow>
  if (typeof window.recvWindowCapacity !== 'number' || typeof window.recvWindow !== 'number') return
  const { sendWindowUpdate } = window
  if (typeof sendWindowUpdate !== 'function') return
  Object.defineProperty(stream, 'sendWindowUpdate', {
    value: () => {
      const { state, recvWindow = 0, recvWindowCapacity = 0 } = window
      // Until it is established, an update carries the flag that makes it so.
      if (state === established && recvWindowCapacity * 2 > recvWindow) return
      Reflect.apply(sendWindowUpdate, stream, [])
    },
  })
}
