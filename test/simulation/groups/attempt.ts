import type { WaitOptions } from '@joinery/crdt-objects'
import { groupBusy, groupUnavailable } from '#consensus/caller/index.ts'
import type { Refusal } from '#consensus/group/contract.ts'
import type { Random } from '#test/simulation/random.ts'
import type { ClientProcess } from './client-process.ts'
import type { Member, SimulatedGroup } from './simulated-group.ts'

export type Reply<T> = { readonly kind: 'value'; readonly value: T } | Refusal

/** What a client's attempts share. */
export interface AttemptParts {
  readonly group: SimulatedGroup
  readonly process: ClientProcess
  readonly random: Random
  /** Parts of the requests, and of the answers, that are lost; of the requests that arrive twice. */
  losses: { lost: number; repeated: number }
  /** Members that the client cannot reach. */
  readonly unreachable: Set<number>
  /** Who led when it last heard of it. */
  hint: number
}

interface Settle<T> {
  readonly resolve: (value: T) => void
  readonly reject: (reason: unknown) => void
}

/** For how long a leader is looked for. */
const PATIENCE_MS = 1_000
const AGAIN_MS = 20
/** How late the copy of a request may arrive. */
export const STRAY_MS_MAX = 1_500

/**
 * One attempt, as a peer makes it for whoever calls: it goes from member to member until one says that it leads. What may
 * have been carried out without an answer ends it, with an outcome that is unknown.
 */
export class Attempt<T> {
  readonly #parts: AttemptParts
  readonly #ask: (member: Member, reply: (reply: Reply<T>) => void) => void
  readonly #options: WaitOptions
  readonly #settle: Settle<T>
  readonly #begunMs: number
  /** A copy of a request is on its way that nobody waits for: it may yet be carried out. */
  #isStray = false
  /** A request is at a member, or on its way. */
  #isAsking = false
  #isOver = false

  constructor(
    parts: AttemptParts,
    ask: (member: Member, reply: (reply: Reply<T>) => void) => void,
    options: WaitOptions,
    settle: Settle<T>,
  ) {
    this.#parts = parts
    this.#ask = ask
    this.#options = options
    this.#settle = settle
    this.#begunMs = parts.group.clock.nowMs
  }

  start(): void {
    const { signal, timeoutMs } = this.#options
    if (signal?.aborted === true) return this.#settle.reject(signal.reason)
    signal?.addEventListener('abort', this.#aborted, { once: true })
    if (timeoutMs !== undefined) this.#parts.process.after(timeoutMs, () => this.#fail())
    this.#try()
  }

  #try(): void {
    if (this.#isOver) return
    const { group, random, hint, unreachable } = this.#parts
    if (group.clock.nowMs - this.#begunMs > PATIENCE_MS) return this.#fail()
    const reachable = group.cluster.live.filter(({ id }) => !unreachable.has(id))
    const known = reachable.find(({ id }) => id === hint)
    if (reachable.length === 0) return this.#again()
    this.#send(known ?? random.pick(reachable))
  }

  #send(member: Member): void {
    const { random, losses } = this.#parts
    this.#isAsking = true
    if (random.chance(losses.repeated)) {
      this.#isStray = true
      this.#carry(random.integer(0, STRAY_MS_MAX), () =>
        member.post(() => this.#ask(member, () => {})),
      )
    }
    if (random.chance(losses.lost)) return this.#breakLater()
    this.#carry(this.#lagMs(), () => {
      const forget = member.onCrash(() => this.#breakLater())
      if (member.post(() => this.#deliver(member, forget))) return
      forget()
      this.#breakLater()
    })
  }

  #deliver(member: Member, forget: () => void): void {
    this.#ask(member, (reply) => {
      forget()
      const { random, losses, process, unreachable } = this.#parts
      if (random.chance(losses.lost) || unreachable.has(member.id)) return this.#breakLater()
      this.#carry(this.#lagMs(), () => process.run(() => this.#take(reply)))
    })
  }

  #take(reply: Reply<T>): void {
    if (this.#isOver) return
    this.#isAsking = false
    switch (reply.kind) {
      case 'value':
        return this.#end(() => this.#settle.resolve(reply.value))
      case 'busy':
        return this.#end(() => {
          this.#settle.reject(
            this.#isStray ? groupUnavailable(0, 'unknown') : groupBusy(reply.reason),
          )
        })
      case 'not-leader':
        this.#parts.hint = reply.leader
        return this.#again()
      case 'lost':
        this.#isAsking = true
        return this.#fail()
    }
  }

  #again(): void {
    this.#parts.process.after(this.#parts.random.integer(1, AGAIN_MS), () => this.#try())
  }

  /** The connection is found to be broken: what became of the request, nobody knows. */
  #breakLater(): void {
    const { process, random } = this.#parts
    process.after(random.integer(5, 400), () => {
      this.#parts.hint = 0
      this.#fail()
    })
  }

  #fail(): void {
    const outcome = this.#isAsking || this.#isStray ? 'unknown' : 'not-applied'
    this.#end(() => this.#settle.reject(groupUnavailable(0, outcome)))
  }

  readonly #aborted = (): void => {
    this.#end(() => this.#settle.reject(this.#options.signal?.reason))
  }

  #end(settle: () => void): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#options.signal?.removeEventListener('abort', this.#aborted)
    settle()
  }

  #carry(delayMs: number, task: () => void): void {
    this.#parts.group.clock.after(delayMs, task)
  }

  #lagMs(): number {
    const { random } = this.#parts
    return random.chance(0.02) ? random.integer(50, 800) : random.integer(0, 4)
  }
}
