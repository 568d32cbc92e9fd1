import { strict as assert } from 'node:assert'
import { JoineryError } from '@joinery/crdt-objects'
import type { KeeperDuty as Duty } from '#peer/identity/keeper-plan.ts'
import { KeeperDuty } from '#peer/spaces/keeper-duty.ts'
import { eventually } from '#test/eventually.ts'

/** A peer whose control group answers what a test says. */
class FakePeer {
  readonly kept: string[] = []
  readonly opened: string[] = []
  readonly held: (() => void)[] = []
  readonly duty: KeeperDuty
  elsewhere = new Set(['x'])
  answer: Duty | Error = { wanted: [], spare: [] }
  asked = 0

  constructor() {
    this.duty = new KeeperDuty({
      control: {
        duty: async () => {
          this.asked++
          if (this.answer instanceof Error) throw this.answer
          return await Promise.resolve(this.answer)
        },
      },
      membership: { spacesElsewhere: () => this.elsewhere },
      spaces: {
        kept: this.kept,
        keep: async (space, signal) => {
          this.opened.push(space)
          await new Promise<void>((resolve) => {
            this.held.push(resolve)
            signal.addEventListener('abort', () => resolve())
          })
          this.kept.push(space)
        },
        letGo: async (space) => {
          this.kept.splice(this.kept.indexOf(space), 1)
          await Promise.resolve()
        },
      },
    })
  }
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

describe('the duty of a keeper', () => {
  let peer: FakePeer

  beforeEach(() => {
    peer = new FakePeer()
  })

  afterEach(() => {
    peer.duty.stop()
  })

  it('opens what is wanted, four at a time', async () => {
    peer.answer = { wanted: ['a', 'b', 'c', 'd', 'e', 'f'], spare: [] }
    peer.duty.soon()
    await eventually(() => {
      assert.equal(peer.opened.length, 4)
    }, 1000)
    peer.duty.soon()
    await pause(500)
    assert.deepEqual(peer.opened, ['a', 'b', 'c', 'd'])
    peer.held.pop()!()
    await eventually(() => {
      assert.deepEqual(peer.opened.slice(4), ['e'])
    }, 1000)
  })

  it('lets go of what is spare, if it is only kept here', async () => {
    peer.kept.push('a')
    peer.answer = { wanted: [], spare: ['a', 'b'] }
    peer.duty.soon()
    await eventually(() => {
      assert.deepEqual(peer.kept, [])
    }, 1000)
  })

  it('asks for what changes all the time only so often, and not where nobody has anything', async () => {
    for (let i = 0; i < 50; i++) {
      peer.duty.soon()
      await pause(20)
    }
    assert.ok(peer.asked >= 2 && peer.asked <= 9, `${peer.asked} times in a second`)
    peer.elsewhere = new Set()
    const { asked } = peer
    peer.duty.soon()
    await pause(500)
    assert.equal(peer.asked, asked)
  })

  it('goes on where the group did not answer, until it is stopped', async () => {
    peer.answer = new JoineryError('GROUP_UNAVAILABLE', 'nobody leads', {
      outcome: 'not-applied',
    } as never)
    peer.duty.soon()
    await eventually(() => {
      assert.ok(peer.asked > 0)
    }, 1000)
    peer.answer = { wanted: ['a'], spare: [] }
    await eventually(() => {
      assert.deepEqual(peer.opened, ['a'])
    }, 5000)
    peer.duty.stop()
    peer.duty.soon()
    const { asked } = peer
    await pause(500)
    assert.equal(peer.asked, asked)
  })
})
