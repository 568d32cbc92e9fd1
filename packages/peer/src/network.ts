/** A connection to one other peer that carries frames both ways: each direction in order, once, until it closes. */
export interface Channel {
  readonly peer: string
  /** True when this side made the connection. */
  readonly isDialled: boolean
  /** The member that forwards for it; undefined for a connection of its own. */
  readonly via?: string | undefined
  readonly queueBytes: number
  /**
   * Queues `frame`; false when the neighbour is too far behind, and nothing is taken until `onDrained`. Bulk, which the
   * neighbour has asked for, does not make it be too far behind.
   */
  send(frame: Uint8Array, isBulk?: boolean): boolean
  /** Queues `frame` whatever waits already: for introductions, which have to fit. */
  sendAlways(frame: Uint8Array): void
  /** Closes the connection, and with it the channel. */
  close(reason: string): void
}

/** What happens on channels. A channel opens before anything else happens on it, and closes once. */
export interface ChannelEvents {
  onOpened(channel: Channel): void
  onFrame(channel: Channel, frame: Uint8Array): void
  /** The channel's queue was full: all of it is dropped. */
  onOverflow(channel: Channel, bytes: number): void
  /** The neighbour reads again, and frames are taken again. */
  onDrained(channel: Channel): void
  onInvalid(channel: Channel, reason: string): void
  onClosed(channel: Channel): void
}

/** Publishing to whoever subscribed. Nothing that it says or does not say is to be relied on. */
export interface Gossip {
  readonly bytesSent: number
  readonly bytesReceived: number
  subscribe(topic: string): void
  unsubscribe(topic: string): void
  /** Resolves with the peers to which the message was handed. `data` starts with 16 bytes that are its unique id. */
  publish(topic: string, data: Uint8Array): Promise<ReadonlySet<string>>
  onMessage(listener: (topic: string, data: Uint8Array, from: string) => void): void
}

/** Nothing came back from an address, not even that nobody is there: it may be cut off. */
export class DialUnanswered extends Error {
  constructor(address: string, cause: unknown) {
    super(`Nothing answers at ${address}.`, { cause })
    this.name = 'DialUnanswered'
  }
}

/** Connections to other peers, whatever makes them. */
export interface Network {
  readonly id: string
  readonly addresses: readonly string[]
  /** Undefined when gossip is switched off. */
  readonly gossip: Gossip | undefined
  readonly bytesSent: number
  readonly bytesReceived: number
  /** How many lanes there are beside the connections. */
  readonly lanes: number
  /**
   * Connects to the peer at `address`, and resolves with its id; `isAnew` also where there is a connection already, which
   * may be dead.
   *
   * @throws JoineryError PEER_REFUSED
   * @throws DialUnanswered
   */
  dial(address: string, signal: AbortSignal, isAnew?: boolean): Promise<string>
  stop(): Promise<void>
}
