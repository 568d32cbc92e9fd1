/*
 * Whole states on their way, in pieces. The giver goes on meanwhile: it encodes a little at a time, and what happens in
 * between follows. The taker reads a little at a time, out of sight, and shows it at its end. So neither stands still,
 * however large the state is, and the network takes no more of it than it carries.
 */
import { isJoineryError } from '@joinery/crdt-objects'
import {
  type SpaceState,
  type StateEncoding,
  type StateJoining,
} from '@joinery/crdt-objects/engine'
import { type ReplicationLimits } from './contract.ts'
import { type Holdings, type SpaceOffer } from './holdings.ts'
import { type Message, type StateUse } from './message.ts'
import { type Neighbour } from './neighbour.ts'
import { stockInPieces, stockOf } from './stock.ts'

/** What streams need of their core. */
export interface StreamsOutlet {
  send(neighbour: Neighbour, message: Message): void
  /** Let others have their turn, then go on. */
  due(neighbour: Neighbour): void
  /** A state was begun with. */
  begun(): void
  ignore(reason: string): void
}

interface Sending {
  readonly use: StateUse
  readonly encoding: StateEncoding
  hasBegun: boolean
}

interface Receiving {
  readonly use: StateUse
  readonly from: Neighbour
  readonly joining: StateJoining
  readonly state: SpaceState
  /** What came and may not be read yet. Invariant: at most `stateBytesMax`. */
  bytes: number
  readonly stock: Uint8Array[]
  offer: Extract<Message, { kind: 'offer' }> | undefined
}

export class StateStreams {
  readonly #holdings: Holdings
  readonly #limits: ReplicationLimits
  readonly #outlet: StreamsOutlet
  readonly #sendingBy = new Map<Neighbour, Sending>()
  /** One at a time: each takes as much memory as the state. */
  #receiving: Receiving | undefined
  #lives: number

  constructor(holdings: Holdings, limits: ReplicationLimits, outlet: StreamsOutlet) {
    this.#holdings = holdings
    this.#limits = limits
    this.#outlet = outlet
    this.#lives = holdings.replica.lives
  }

  /** Whether the neighbour is being sent a state: that is the answer to whatever it asks. */
  isSending(neighbour: Neighbour): boolean {
    return this.#sendingBy.has(neighbour)
  }

  /** Whether all of a state has come that is not read to its end. */
  get isReading(): boolean {
    return this.#receiving?.offer !== undefined
  }

  /** Whether the state that comes is this neighbour's. */
  receivesFrom(neighbour: string): boolean {
    return this.#receiving?.from.name === neighbour
  }

  /** Begins to send our state; false where there is none to give, or too many get it. */
  send(neighbour: Neighbour, use: StateUse): boolean {
    if (this.#holdings.offer(use) === undefined) return false
    if (this.#sendingBy.size >= this.#limits.statesSentMax) return false
    const encoding = this.#holdings.replica.beginEncoding()
    this.#sendingBy.set(neighbour, { use, encoding, hasBegun: false })
    this.#outlet.due(neighbour)
    return true
  }

  /** Goes on with what this neighbour is sent, and with what comes from it. */
  stream(neighbour: Neighbour): void {
    const sending = this.#sendingBy.get(neighbour)
    if (sending !== undefined) this.#sendNext(neighbour, sending)
    if (this.#receiving?.from === neighbour) this.#read(this.#receiving)
  }

  piece(neighbour: Neighbour, { use, isFirst, bytes }: Extract<Message, { kind: 'piece' }>): void {
    if (isFirst) this.#beginReceiving(neighbour, use)
    const receiving = this.#receiving
    // Another state is on its way, or it is of no use any more.
    if (receiving?.from !== neighbour) return
    if (!this.#hasRoom(receiving, bytes.length)) return
    receiving.joining.add(bytes)
    this.#outlet.due(neighbour)
  }

  stock(neighbour: Neighbour, { bytes }: Extract<Message, { kind: 'stock' }>): void {
    const receiving = this.#receiving
    if (receiving?.from !== neighbour) return
    if (this.#hasRoom(receiving, bytes.length)) receiving.stock.push(bytes.slice())
  }

  #hasRoom(receiving: Receiving, bytes: number): boolean {
    receiving.bytes += bytes
    if (receiving.bytes <= this.#limits.stateBytesMax) return true
    this.#receiving = undefined
    this.#outlet.ignore('a state that is too large')
    return false
  }

  offered(neighbour: Neighbour, offer: Extract<Message, { kind: 'offer' }>): void {
    if (this.#receiving?.from !== neighbour) return
    this.#receiving.offer = offer
    this.#read(this.#receiving)
  }

  /** Its answer has ended; without an offer, if the life is over whose state it was: no more of it comes. */
  ended(neighbour: Neighbour): void {
    const receiving = this.#receiving
    // Else nobody else's state would be taken for ever.
    if (receiving?.from === neighbour && receiving.offer === undefined) this.#receiving = undefined
  }

  down(neighbour: Neighbour): void {
    this.#sendingBy.get(neighbour)?.encoding.stop()
    this.#sendingBy.delete(neighbour)
    if (this.#receiving?.from === neighbour) this.#receiving = undefined
  }

  /** What was begun with a state that is no more is nothing to the next. */
  check(): void {
    const { lives } = this.#holdings.replica
    if (lives === this.#lives) return
    this.#lives = lives
    this.#receiving = undefined
    for (const [neighbour, { encoding }] of this.#sendingBy) {
      encoding.stop()
      this.#outlet.send(neighbour, { kind: 'answered', more: false })
    }
    this.#sendingBy.clear()
  }

  #sendNext(neighbour: Neighbour, sending: Sending): void {
    const { use, encoding } = sending
    // A state, as a vector, ends at batches.
    this.#holdings.seal()
    const bytes = encoding.next(this.#limits.messageBytesMax)
    if (bytes !== undefined) {
      this.#outlet.send(neighbour, { kind: 'piece', use, isFirst: !sending.hasBegun, bytes })
      sending.hasBegun = true
      return this.#outlet.due(neighbour)
    }
    this.#sendingBy.delete(neighbour)
    const offer = this.#holdings.offer(use)
    if (offer !== undefined) {
      const { sender, records, vector } = offer
      for (const message of stockInPieces(offer, this.#limits.messageBytesMax)) {
        this.#outlet.send(neighbour, message)
      }
      this.#outlet.send(neighbour, { kind: 'offer', use, sender, records })
      neighbour.answered(vector)
    }
    this.#outlet.send(neighbour, { kind: 'answered', more: false })
  }

  /** Whether it has come whole, or its giver was heard of lately. Of one that is silent, as if frozen, another's takes the place. */
  #isComing(receiving: Receiving): boolean {
    return receiving.offer !== undefined || receiving.from.askedTicks !== undefined
  }

  #beginReceiving(neighbour: Neighbour, use: StateUse): void {
    const present = this.#receiving
    if (present !== undefined && present.from !== neighbour && this.#isComing(present)) return
    this.#receiving = undefined
    const { member, replica, wantsSnapshot } = this.#holdings
    const isWanted = use === 'snapshot' ? wantsSnapshot : member.replica !== undefined
    if (!isWanted) return
    const began = replica.beginJoining(use === 'snapshot' ? member.id : undefined)
    this.#receiving = { use, from: neighbour, ...began, stock: [], bytes: 0, offer: undefined }
  }

  #read(receiving: Receiving): void {
    this.#unlessDamaged(() => {
      // One step, less than a millisecond as a rule; the first ones take tens, while the code is not compiled.
      const progress = receiving.joining.step()
      if (progress === 'waiting') return this.#await(receiving)
      if (progress === 'engine-missing') return this.#lackEngine()
      if (progress === 'complete') return this.#complete(receiving)
      this.#outlet.due(receiving.from)
    })
  }

  /** It has been read as far as it has come. If nothing more comes, it is none. */
  #await(receiving: Receiving): void {
    if (receiving.offer === undefined) return
    this.#receiving = undefined
    this.#outlet.ignore('a state that ends before its end')
  }

  #unlessDamaged(read: () => void): void {
    try {
      read()
    } catch (error) {
      if (!isJoineryError(error)) throw error
      const header = this.#receiving?.joining.header
      this.#receiving = undefined
      const { replica } = this.#holdings.member
      if (replica !== undefined && header?.vector.has(replica.id, 'sealed') === true) {
        return this.#holdings.step({ kind: 'sealed-elsewhere' })
      }
      this.#holdings.replica.quarantine(error.message, new Uint8Array())
    }
  }

  /** It is asked for again once that is loaded. */
  #lackEngine(): void {
    this.#receiving = undefined
    this.#holdings.replica.engineMissing()
  }

  #complete({ use, joining, state, stock, offer }: Receiving): void {
    if (offer === undefined) return
    this.#receiving = undefined
    if (use === 'snapshot' && joining.commit() === 'engine-missing') return this.#lackEngine()
    const given: Omit<SpaceOffer, 'state'> = {
      ...{ sender: offer.sender, records: offer.records, vector: joining.reached },
      ...stockOf(stock),
    }
    if (use === 'state') {
      return this.#holdings.step({ kind: 'state', offer: { ...given, state: { kind: 'joining', joining } } }) // prettier-ignore
    }
    // Another came first, or the life that it was for is over.
    if (!this.#holdings.wantsSnapshot || state.replica !== this.#holdings.member.id) return
    this.#holdings.step({ kind: 'snapshot', offer: { ...given, state: { kind: 'begun', state } } })
    this.#lives = this.#holdings.replica.lives
    if (this.#holdings.member.replica !== undefined) this.#outlet.begun()
  }
}
