import type { MembershipChange } from '#consensus/group/contract.ts'
import type { Random } from '#test/simulation/random.ts'
import type { SimulatedGroup } from './simulated-group.ts'

const AGAIN_MS = 40
const MEMBERS_MAX = 9

/** Takes members into a group and out of it, one change after the other, by asking whoever leads. */
export class MembershipChurn {
  readonly #group: SimulatedGroup
  readonly #random: Random
  #lastId: number
  #isBusy = false
  changes = 0

  constructor(group: SimulatedGroup, lastId: number) {
    this.#group = group
    this.#random = group.random
    this.#lastId = lastId
  }

  get isBusy(): boolean {
    return this.#isBusy
  }

  /** Begins a change, if none is under way. */
  begin(): void {
    if (this.#isBusy) return
    const random = this.#random
    const { voters, votersOutgoing } = this.#group.confState
    if (votersOutgoing.length > 0 || voters.length === 0) return
    const dead = voters.filter((id) => this.#group.gone.has(id))
    const leader = this.#group.cluster.leader?.id
    const left = dead[0] ?? random.pick(voters)
    if (dead.length > 0) return this.#replace(left)
    switch (random.integer(0, 3)) {
      case 0:
        return this.#replace(left)
      case 1:
        return this.#replace(leader ?? left)
      case 2:
        return voters.length < 5 ? this.#grow(voters.length === 3 ? 2 : 1) : this.#shrink(left)
      case 3:
        return voters.length > 3 ? this.#shrink(leader ?? left) : this.#grow(1)
    }
  }

  /** Has what is dead for good leave the group. `done` is called when none is left. */
  repair(done: () => void): void {
    if (this.#isBusy) return this.#later(() => this.repair(done))
    const { voters, learners, votersOutgoing } = this.#group.confState
    const removed = [...voters, ...learners].filter((id) => this.#group.gone.has(id))
    if (votersOutgoing.length > 0) return this.#later(() => this.repair(done))
    if (removed.length === 0) return done()
    this.#isBusy = true
    this.#ask({ removed }, () => this.#end(() => this.repair(done)))
  }

  #replace(old: number): void {
    this.#isBusy = true
    const [id] = this.#join(1)
    if (id === undefined) return this.#end()
    this.#ask({ learners: [id] }, () => {
      // Sometimes it has to catch up as a voter.
      const pauseMs = this.#random.chance(0.7) ? this.#random.integer(50, 400) : 0
      this.#later(() => {
        this.#ask({ voters: [id], removed: [old] }, () => this.#end(() => this.#leave(old)))
      }, pauseMs)
    })
  }

  #grow(count: number): void {
    this.#isBusy = true
    const ids = this.#join(count)
    if (ids.length === 0) return this.#end()
    this.#ask({ learners: ids }, () => this.#ask({ voters: ids }, () => this.#end()))
  }

  #shrink(old: number): void {
    this.#isBusy = true
    this.#ask({ removed: [old] }, () => this.#end(() => this.#leave(old)))
  }

  /** Starts members that know nothing yet. */
  #join(count: number): number[] {
    if (this.#group.cluster.live.length + count > MEMBERS_MAX) return []
    const ids = Array.from({ length: count }, () => ++this.#lastId)
    for (const id of ids) this.#group.cluster.join(id)
    return ids
  }

  /** A member that was removed goes on for a while, as it may not know, and then is gone. */
  #leave(id: number): void {
    this.#later(
      () => {
        const { voters, votersOutgoing, learners } = this.#group.confState
        if ([...voters, ...votersOutgoing, ...learners].includes(id)) return
        if (!this.#group.isSettled) return this.#leave(id)
        this.#group.gone.add(id)
        if (this.#group.cluster.member(id).isUp) this.#group.crash(id)
      },
      this.#random.integer(0, 3_000),
    )
  }

  #ask(change: MembershipChange, done: () => void): void {
    const again = (): void => this.#later(() => this.#ask(change, done))
    const { leader } = this.#group.cluster
    if (leader === undefined) return again()
    const forget = leader.onCrash(again)
    leader.post(() => {
      leader.node.change(change, (result) => {
        forget()
        if (result !== 'done') return again()
        this.changes++
        done()
      })
    })
  }

  #end(next?: () => void): void {
    this.#isBusy = false
    next?.()
  }

  #later(task: () => void, delayMs = AGAIN_MS): void {
    this.#group.clock.after(delayMs, task)
  }
}
