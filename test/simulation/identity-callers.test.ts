import { strict as assert } from 'node:assert'
import { JoineryError } from '@joinery/crdt-objects'
import type { StrongTarget } from '@joinery/crdt-objects/engine'
import { StrongCaller } from '#consensus/caller/index.ts'
import { groupDefaults } from '#consensus/group/options.ts'
import { decodeViewAnswer } from '#peer/identity/control-answer-codec.ts'
import { controlDescriptor, controlPlace, controlType } from '#peer/identity/control-object.ts'
import { decodeControlReply } from '#peer/identity/control-reply-codec.ts'
import { encodeControlCommand, encodeViewRequest } from '#peer/identity/control-wire-codec.ts'
import type {
  ControlCommand,
  ControlReply,
  SpaceView,
} from '#peer/identity/core/control-contract.ts'
import { nameOf } from '#peer/identity/core/incarnation.ts'
import { ClientProcess } from './groups/client-process.ts'
import { ClientRoute } from './groups/client-route.ts'
import { drawPlan } from './groups/plan.ts'
import { SimulatedGroup } from './groups/simulated-group.ts'

const SPACE = 'space'
/** Far longer than it takes to find another leader: who lives does not lose it. */
const LEASE_MS = 10_000
const PEERS = 4

/** What a peer asks the control group by: the production caller, in a process of its own. */
class AskingPeer {
  readonly id: number
  readonly process: ClientProcess
  readonly #caller: StrongCaller
  #sessions = 0

  constructor(id: number, group: SimulatedGroup, touched: () => void) {
    this.id = id
    const { clock, random } = group
    this.process = new ClientProcess(clock, 0.003 * Math.cos(id), touched)
    const losses = { lost: 0.05, repeated: 0.05 }
    const way = { ...{ group, random, losses, hint: 0 }, process: this.process }
    this.#caller = new StrongCaller(
      {
        log: new ClientRoute({ ...way, unreachable: new Set() }),
        clock: this.process.clock,
        random: () => random.next(),
        newSession: () => this.#session(this.#sessions++),
      },
      { leaseMs: LEASE_MS, unreachableMs: 60_000 },
    )
  }

  #session(number: number): string {
    return `${this.id}f${number}`.padStart(32, '0')
  }

  /** The session that it has, or has last had. */
  get session(): string {
    return this.#session(Math.max(0, this.#sessions - 1))
  }

  async #target(): Promise<StrongTarget> {
    const { space, name } = controlPlace
    const descriptor = controlDescriptor()
    return await this.#caller.target({ space, name, descriptor, home: undefined, ended: undefined })
  }

  async #call(method: string, mode: 'read' | 'command', bytes: Uint8Array): Promise<Uint8Array> {
    const target = await this.#target()
    const { value } = await target.call({
      ...{ path: [], method, mode },
      args: [bytes],
      options: {},
    })
    return value as Uint8Array
  }

  async ask(command: ControlCommand): Promise<ControlReply> {
    return decodeControlReply(await this.#call('command', 'command', encodeControlCommand(command)))
  }

  async view(member: bigint): Promise<SpaceView> {
    const request = { kind: 'view', space: SPACE, member, epoch: 0 } as const
    const answer = decodeViewAnswer(await this.#call('view', 'read', encodeViewRequest(request)))
    assert.ok(answer.kind === 'view')
    return answer.view
  }

  /** Becomes a member, at a time when nobody is in sealing. */
  async join(): Promise<bigint> {
    await this.ask({ kind: 'found', space: SPACE, keepers: 1, durability: 1 })
    const { session } = this
    const leased = await this.ask({ kind: 'lease', space: SPACE, session, request: 1 })
    assert.ok(leased.kind === 'leased', JSON.stringify(leased.kind))
    const { member, epoch } = leased
    const of = { space: SPACE, member, epoch, held: [], settled: epoch }
    await this.ask({ kind: 'activate', ...of, number: 1 })
    assert.equal((await this.view(member)).standing.status, 'active')
    return member
  }

  async close(): Promise<void> {
    await this.#caller.close(new JoineryError('SPACE_ENDED', 'it leaves', { space: SPACE }))
  }
}

/** A group whose leader dies again and again, and peers that ask it. */
class Rig {
  readonly group: SimulatedGroup
  readonly peers: readonly AskingPeer[]
  /** Leaders begin all leases anew: while they die sooner than one runs out, none does. */
  isCalm = false
  #isTouched = false

  constructor(seed: number) {
    const drawn = drawPlan(seed)
    const options = { ...groupDefaults, snapshotLogBytes: 2_000, tailEntries: 5 }
    this.group = new SimulatedGroup({ ...drawn, isDurable: true, options }, [controlType])
    this.group.cluster.foundVoters(3)
    this.peers = Array.from(
      { length: PEERS },
      (_, i) => new AskingPeer(i + 1, this.group, () => (this.#isTouched = true)),
    )
    this.#crashLeaders()
  }

  #crashLeaders(): void {
    const { cluster, clock, random } = this.group
    clock.after(random.integer(50, 4_000), () => {
      const { leader } = cluster
      if (this.isCalm) return
      if (leader !== undefined && cluster.live.length === 3) {
        this.group.crash(leader.id)
        clock.after(random.integer(50, 1_000), () => cluster.restart(leader.id))
      }
      this.#crashLeaders()
    })
  }

  /** Lets virtual time pass until `work` is done. */
  async during<T>(work: Promise<T>, withinMs = 120_000): Promise<T> {
    let isDone = false
    const noteDone = (): void => void (isDone = true)
    work.then(noteDone, noteDone)
    const { clock } = this.group
    const endMs = clock.nowMs + withinMs
    for (;;) {
      await new Promise((resolve) => setImmediate(resolve))
      if (isDone) return await work
      assert.ok(clock.nowMs < endMs, 'it is done in time')
      this.#isTouched = false
      clock.run(Math.min(500, endMs - clock.nowMs), () => this.#isTouched)
    }
  }

  async pass(ms: number): Promise<void> {
    await this.during(this.peers[0]!.process.sleep(ms), 2 * ms)
  }
}

describe('peers that ask the control group by their callers', () => {
  for (const seed of [1, 2, 3, 4, 5, 6]) {
    it(`hold a slot each as long as their sessions live, and no longer: seed ${seed}`, async () => {
      const rig = new Rig(seed)
      const [first, , dead, leaving] = rig.peers
      const members: bigint[] = []
      for (const peer of rig.peers) members.push(await rig.during(peer.join()))
      assert.equal(new Set(members).size, PEERS, 'one slot for each, however often it asked')
      await rig.pass(3 * LEASE_MS)
      assert.deepEqual((await rig.during(first!.view(members[0]!))).members, members)

      rig.isCalm = true
      await rig.pass(3_000)
      dead!.process.die()
      await rig.during(leaving!.close())
      const closed = await rig.during(first!.view(members[0]!))
      assert.ok(!closed.members.includes(members[3]!), 'who closes its session is sealed at once')
      await rig.pass(2 * LEASE_MS)
      const { sealings, unsealed, members: left } = await rig.during(first!.view(members[0]!))
      assert.deepEqual(left, members.slice(0, 2))
      const sealed = sealings.map(({ incarnation }) => nameOf(incarnation)).sort()
      assert.deepEqual(sealed, members.slice(2).map(nameOf))
      assert.equal(unsealed.length, PEERS)
      rig.group.checkReports()
    })
  }
})
