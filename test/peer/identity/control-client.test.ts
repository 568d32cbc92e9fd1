import { strict as assert } from 'node:assert'
import { groupUnavailable } from '@joinery/consensus/caller'
import { ledControl } from '#peer/groups/led-control.ts'
import { ControlClient } from '#peer/identity/control-client.ts'
import { ControlDriver } from '#peer/identity/control-driver.ts'
import type {
  ControlAnswer,
  ControlCommand,
  MemberCommand,
  SpaceView,
} from '#peer/identity/core/control-contract.ts'
import { eventually } from '#test/eventually.ts'
import { GroupRig, type RigPeer } from '#test/fixtures/group-rig.ts'

const SPACE = 'space'

/** A peer of a rig with its way to the control group, and one member of one space. */
class AskingPeer {
  readonly peer: RigPeer
  readonly client: ControlClient
  readonly driver: ControlDriver
  readonly changes: string[] = []
  member = 0n
  /** How often the groups are out of reach when what is left of a space is to be deleted. */
  sweepsInVain = 0
  #number = 0

  constructor(peer: RigPeer) {
    this.peer = peer
    this.client = new ControlClient(peer.objects.caller)
    this.driver = new ControlDriver(
      {
        ...{ control: this.client, now: () => performance.now() },
        led: () => ledControl(peer.host.memberOf(0)),
        report: (report) => peer.reports.push(report),
        onChange: (space) => this.changes.push(space),
        sweep: async (space) => {
          if (this.sweepsInVain-- > 0) throw groupUnavailable(1, 'not-applied', 'no leader')
          await peer.log.endSpace(space)
        },
      },
      { lostAfterMs: 300, epochMs: 100 },
    )
  }

  /** A command of its member, in the epoch that the group is in. */
  async command<Kind extends MemberCommand['kind']>(
    kind: Kind,
    rest: object = {},
  ): Promise<ControlAnswer> {
    const { epoch } = await this.view()
    const of = { space: SPACE, member: this.member, number: ++this.#number, epoch }
    return await this.client.ask({ kind, ...of, ...rest } as ControlCommand)
  }

  async join(isStable = true): Promise<void> {
    const session = await this.client.openSession()
    const lease = { kind: 'lease', space: SPACE, session, request: 1, isStable } as const
    const leased = await this.client.ask(lease)
    assert.ok(leased.kind === 'leased', JSON.stringify(leased.kind))
    this.member = leased.member
    const answer = await this.command('activate', { held: held(leased.view) })
    assert.ok(answer.kind === 'view' && answer.view.standing.status === 'active')
  }

  async view(): Promise<SpaceView> {
    const question = { kind: 'view', space: SPACE, member: this.member, epoch: 0 } as const
    const answer = await this.client.ask(question)
    assert.ok(answer.kind === 'view')
    return answer.view
  }

  /** Says that it holds nothing of all that is in sealing: nobody wrote anything. */
  async report(): Promise<void> {
    await this.command('report', { held: held(await this.view()) })
  }
}

function held({ sealings }: SpaceView): object[] {
  return sealings.map(({ incarnation, round }) => ({ incarnation, round, held: 0 }))
}

describe('The way to the control group', () => {
  let rig: GroupRig
  let drivers: ControlDriver[] = []

  beforeEach(() => {
    rig = new GroupRig()
    drivers = []
  })

  afterEach(async () => {
    for (const driver of drivers) driver.stop()
    for (const { objects } of rig.peers.values()) await objects.close()
    await rig.stop()
  })

  /** Peers that all may vote, and drive the group when they lead it. */
  async function peers(count: number): Promise<AskingPeer[]> {
    const ids = ['a', 'b', 'c', 'd'].slice(0, count)
    const added: AskingPeer[] = []
    for (const id of ids) {
      added.push(new AskingPeer(await rig.add(id, id === 'a' ? { groups: 3 } : {})))
    }
    rig.link(...ids)
    drivers = added.map(({ driver }) => driver)
    for (const driver of drivers) driver.start()
    const found = { kind: 'found', space: SPACE, keepers: 2, durability: 2 } as const
    assert.equal((await added[0]!.client.ask(found)).kind, 'done')
    return added
  }

  it('joins, and has whoever stops sealed by the others, in an epoch that closes at once', async () => {
    const [a, b, c] = (await peers(3)) as [AskingPeer, AskingPeer, AskingPeer]
    await a.join()
    assert.deepEqual((await a.view()).keepers.keepers, [a.member], 'the first is a keeper at once')
    for (const peer of [b, c]) await peer.join()
    await c.peer.objects.close()
    const view = await a.view()
    assert.deepEqual(view.members, [a.member, b.member])
    assert.deepEqual(held(view).length, 1, 'its session is its lease')
    await a.report()
    assert.equal((await a.view()).epoch, 0, 'the word of one is not enough')
    await b.report()
    await eventually(async () => assert.equal((await a.view()).epoch, 1))
    assert.deepEqual((await a.view()).records, [
      { epoch: 1, seals: [{ incarnation: c.member, last: 0 }], born: [a.member, b.member] },
    ])
    await eventually(() => assert.ok([a, b, c].some(({ changes }) => changes.includes(SPACE))))
  })

  it('follows a session that is lost by another, and says so', async () => {
    const [a, b] = (await peers(2)) as [AskingPeer, AskingPeer]
    const told: (string | undefined)[] = []
    const end = b.client.onSession((session) => told.push(session))
    assert.equal(b.client.session, undefined)
    const first = await b.client.openSession()
    assert.equal(await b.client.openSession(), first)
    await a.join()
    await b.join()
    await a.peer.log.closeSession(0, first)
    const command = { kind: 'abandon-keeper', space: SPACE } as const
    await assert.rejects(b.client.ask(command), { code: 'SESSION_EXPIRED' })
    await eventually(() => assert.ok(b.client.session !== undefined && b.client.session !== first))
    const { session } = b.client
    assert.deepEqual(told, [first, undefined, session])
    assert.equal((await b.view()).standing.status, 'sealing')
    const back = await b.command('reinstate', { session, held: [] })
    assert.ok(back.kind === 'view' && back.view.standing.status === 'active')
    end()
    await b.peer.objects.close()
    assert.equal(told.length, 3, 'nobody is told any more')
    assert.equal(b.client.session, undefined)
  })

  it('leases nothing under the session of another peer', async () => {
    const [a, b] = (await peers(2)) as [AskingPeer, AskingPeer]
    const session = await b.client.openSession()
    const answer = await a.client.ask({ kind: 'lease', space: SPACE, session, request: 1 })
    assert.deepEqual(answer, { kind: 'refused', reason: 'session-ended' })
  })

  it('says so when no leader answers', async () => {
    const alone = new AskingPeer(await rig.add('x'))
    const options = { timeoutMs: 100 }
    await assert.rejects(alone.client.openSession(options), { code: 'CALL_TIMEOUT' })
    const found = { kind: 'found', space: SPACE, keepers: 1, durability: 1 } as const
    await assert.rejects(alone.client.ask(found, options), { code: 'CALL_TIMEOUT' })
  })

  it('declares a space lost that nobody is left of, and tells it', async () => {
    const [a, b] = (await peers(2)) as [AskingPeer, AskingPeer]
    await b.join()
    await b.peer.objects.close()
    const { generation } = await a.view()
    await eventually(async () => assert.equal((await a.view()).generation, generation + 1))
    assert.ok((await a.view()).genesis !== undefined)
    const reports = [a, b].flatMap(({ peer }) => peer.reports)
    const lost = reports.filter(({ kind }) => kind === 'space-lost')
    assert.deepEqual(lost, [{ kind: 'space-lost', space: SPACE, generation: generation + 1 }])
  })

  it('ends a space whose time is over, and frees its name once nothing is left in any group', async () => {
    const all = (await peers(2)) as [AskingPeer, AskingPeer]
    const [a] = all
    for (const peer of all) peer.sweepsInVain = 1
    const space = 'short'
    const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']
    const open = async (name: string): Promise<number> =>
      (await a.peer.log.openObject(space, name, '["counter"]')).group
    assert.equal(new Set(await Promise.all(names.map(open))).size, 3, 'all groups have some')
    const found = { kind: 'found', space, keepers: 1, durability: 1 } as const
    const ttl = { ...found, lifetime: { ttlMs: 700 } }
    assert.equal((await a.client.ask(ttl)).kind, 'done')
    const other = { ...found, lifetime: 'keep' } as const
    assert.deepEqual(await a.client.ask(other), { kind: 'refused', reason: 'exists-otherwise' })
    const isLeft = async (): Promise<number> =>
      (
        await Promise.all([0, 1, 2].map(async (group) => await a.peer.log.list(group, space)))
      ).flat().length
    assert.equal(await isLeft(), names.length)
    await eventually(async () => {
      const { kind } = await a.client.ask(other)
      if (kind === 'done') assert.equal(await isLeft(), 0)
      assert.equal(kind, 'done')
    })
    const told = all.flatMap(({ changes }) => changes)
    assert.ok(told.includes(space), String(told))
    assert.ok(
      all.some(({ sweepsInVain }) => sweepsInVain < 0),
      'it was tried again',
    )
  })

  it('puts stable members in the place of keepers that are not, or are gone', async () => {
    const [a, b, c, d] = (await peers(4)) as [AskingPeer, AskingPeer, AskingPeer, AskingPeer]
    await a.join(false)
    for (const peer of [b, c, d]) await peer.join()
    await eventually(async () => assert.equal((await a.view()).keepers.incoming, c.member))
    const { version } = (await a.view()).keepers
    await c.command('caught-up', { version })
    await eventually(async () => {
      assert.deepEqual((await a.view()).keepers.keepers, [c.member, b.member])
    })
    await b.peer.objects.close()
    await eventually(async () => assert.equal((await a.view()).keepers.incoming, d.member))
  })
})
