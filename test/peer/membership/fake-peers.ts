import { Membership } from '#peer/membership/membership.ts'
import { decodeFrame, type Member } from '#peer/membership/wire.ts'
import { type Channel } from '#peer/network.ts'
import { type Report } from '#peer/report.ts'

/** One end of a channel between two memberships in this process. */
export class FakeChannel implements Channel {
  readonly peer: string
  readonly isDialled: boolean
  readonly #from: FakePeer
  readonly #to: FakePeer
  other!: FakeChannel
  queueBytes = 0
  closed: string | undefined
  isFull = false
  /** What is sent from this end, its own end included, waits until the path carries it again. */
  isHeldUp = false
  #waiting: (() => void)[] = []

  constructor(from: FakePeer, to: FakePeer, isDialled: boolean) {
    this.#from = from
    this.#to = to
    this.peer = to.id
    this.isDialled = isDialled
  }

  send(frame: Uint8Array): boolean {
    if (this.isFull || this.closed !== undefined) return false
    this.#carry(() => {
      if (this.other.closed !== undefined) return
      this.#to.note(frame)
      // What arrives at a peer that stands still is lost here, where with a socket it would wait.
      if (!this.#to.isStill) this.#to.membership.onFrame(this.other, frame)
    })
    return true
  }

  sendAlways(frame: Uint8Array): void {
    this.send(frame)
  }

  close(reason: string): void {
    this.#end(reason)
    if (this.isHeldUp) this.#carry(() => this.other.#end(reason))
    else this.other.#end(reason)
  }

  /** The path carries again, and first what waited. */
  carryOn(): void {
    this.isHeldUp = false
    pending.push(...this.#waiting.splice(0))
  }

  #carry(arrive: () => void): void {
    if (this.isHeldUp) this.#waiting.push(arrive)
    else pending.push(arrive)
  }

  #end(reason: string): void {
    if (this.closed !== undefined) return
    this.closed = reason
    this.#from.membership.onClosed(this)
  }
}

let pending: (() => void)[] = []

/** Forgets what is on its way. */
export function clearPending(): void {
  pending = []
}

/** Has all arrive that is on its way, and what is answered to it; or only the first `count` of that. */
export function settle(count = Infinity): void {
  for (let left = count; left > 0; left--) {
    const next = pending.shift()
    if (next === undefined) return
    next()
  }
}

/** A membership, and what it told. */
export class FakePeer {
  readonly id: string
  readonly events: string[] = []
  readonly links: string[] = []
  readonly doubts: string[] = []
  readonly channels = new Set<FakeChannel>()
  readonly learned: Member[] = []
  readonly reports: Report[] = []
  readonly membership: Membership
  nowMs = 0
  isStill = false
  /** The kinds of frames that came. */
  readonly told: string[] = []

  /** `isListening`: others can connect to it. */
  constructor(id: string, isListening = true) {
    this.id = id
    const note = (event: string): void => void this.events.push(event)
    this.membership = new Membership({
      selfId: id,
      addresses: () => (isListening ? [`/at/${id}`] : []),
      now: () => this.nowMs,
      wallNow: () => this.nowMs,
      random: () => 0.5,
      later: (_, task) => pending.push(task),
      onThaw: (stoodStillMs) => note(`thawed ${stoodStillMs}`),
      report: (report) => this.reports.push(report),
      learn: (member) => this.learned.push(member),
      forget: (peer) => note(`forget ${peer}`),
      onConnected: (peer) => note(`connected ${peer}`),
      onLost: (peer) => note(`lost ${peer}`),
      onSuspected: (peer) => this.doubts.push(`suspected ${peer}`),
      onTrusted: (peer) => this.doubts.push(`trusted ${peer}`),
      spaces: {
        onNeighbourUp: (space, peer) => note(`up ${space} ${peer}`),
        onNeighbourDown: (space, peer) => note(`down ${space} ${peer}`),
        onMessage: (space, peer, bytes) => note(`message ${space} ${peer} ${bytes.join()}`),
        onBatch: (space, peer, bytes) => note(`batch ${space} ${peer} ${bytes.join()}`),
        onAnnounced: (space, peer, origin, last) =>
          note(`announced ${space} ${peer} ${origin} ${last}`),
      },
      links: {
        onLinkUp: (peer) => this.links.push(`up ${peer}`),
        onLinkDown: (peer) => this.links.push(`down ${peer}`),
        onLinkBytes: (peer, bytes) => this.links.push(`${peer} ${bytes.join()}`),
      },
    })
  }

  note(frame: Uint8Array): void {
    try {
      this.told.push(decodeFrame(frame).kind)
    } catch {
      this.told.push('nonsense')
    }
  }

  take(): string[] {
    return this.events.splice(0)
  }
}

/** Connects two peers; gives both ends of the channel. */
export function connect(dialler: FakePeer, listener: FakePeer): [FakeChannel, FakeChannel] {
  const ends: [FakeChannel, FakeChannel] = [
    new FakeChannel(dialler, listener, true),
    new FakeChannel(listener, dialler, false),
  ]
  ends[0].other = ends[1]
  ends[1].other = ends[0]
  dialler.channels.add(ends[0])
  listener.channels.add(ends[1])
  dialler.membership.onOpened(ends[0])
  listener.membership.onOpened(ends[1])
  return ends
}
