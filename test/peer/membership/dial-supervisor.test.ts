import assert from 'node:assert/strict'
import { peerRefused } from '#peer/errors.ts'
import { DialSupervisor } from '#peer/membership/dial-supervisor.ts'
import { DialUnanswered } from '#peer/network.ts'
import { eventually } from '#test/eventually.ts'

class FakeNetwork {
  readonly dialled: string[] = []
  readonly connected = new Set<string>()
  isListening = true
  /** The signals of those dials that are made though there is a connection. */
  readonly anew: AbortSignal[] = []
  /** A dial ends when it is let. */
  readonly held: (() => void)[] = []
  isHeld = false
  /** What happens at an address: the peer that answers, or the error. */
  readonly atAddress = new Map<string, string | Error>()

  create(selfId: string, bootstrap: readonly string[] = []): DialSupervisor {
    return new DialSupervisor(
      {
        selfId,
        isConnected: (peer) => this.connected.has(peer),
        random: () => 0.5,
        isListening: () => this.isListening,
        dial: async (address, signal, isAnew) => {
          this.dialled.push(address)
          if (isAnew) this.anew.push(signal)
          if (this.isHeld) await new Promise<void>((resolve) => this.held.push(resolve))
          const outcome = this.atAddress.get(address) ?? new Error('ECONNREFUSED')
          if (outcome instanceof Error) throw outcome
          this.connected.add(outcome)
          return outcome
        },
      },
      bootstrap,
    )
  }
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

describe('The supervisor of connections', () => {
  let network: FakeNetwork
  let supervisor: DialSupervisor

  beforeEach(() => {
    network = new FakeNetwork()
  })

  afterEach(() => {
    supervisor.stop()
  })

  it('tries a bootstrap address until it answers', async () => {
    supervisor = network.create('a', ['/boot'])
    supervisor.start()
    await eventually(() => {
      assert.ok(network.dialled.length >= 3)
    })
    network.atAddress.set('/boot', 'b')
    await eventually(() => {
      assert.ok(network.connected.has('b'))
    })
    const { length } = network.dialled
    await pause(300)
    assert.equal(network.dialled.length, length, 'and then no more')
  })

  it('connects again when a connection is lost', async () => {
    supervisor = network.create('a', ['/boot'])
    network.atAddress.set('/boot', 'b')
    supervisor.start()
    await eventually(() => {
      assert.ok(network.connected.has('b'))
    })
    await pause(20)
    network.connected.delete('b')
    supervisor.onLost('b')
    await eventually(() => {
      assert.ok(network.connected.has('b'))
    })
  })

  it('dials a member with a larger id at once, and leaves the other direction to the other side', async () => {
    supervisor = network.create('m')
    network.atAddress.set('/z', 'z').set('/a', 'a')
    supervisor.learn({ id: 'a', addresses: ['/a'] })
    supervisor.learn({ id: 'z', addresses: ['/old', '/z'] })
    supervisor.learn({ id: 'm', addresses: ['/m'] })
    await eventually(() => {
      assert.deepEqual(network.dialled, ['/old', '/z'])
    })
    await eventually(() => {
      assert.ok(network.connected.has('a'), 'but it steps in when nothing comes of that')
    })
    assert.deepEqual(network.dialled, ['/old', '/z', '/a'])
  })

  it('waits for nobody where nobody can dial it', async () => {
    network.isListening = false
    supervisor = network.create('m')
    network.atAddress.set('/a', 'a')
    supervisor.learn({ id: 'a', addresses: ['/a'] })
    await eventually(() => {
      assert.ok(network.connected.has('a'))
    }, 1000)
  })

  it('dials a few at once, more when that goes well, and who never failed first', async () => {
    network.isHeld = true
    supervisor = network.create('a')
    for (let i = 0; i < 30; i++) {
      network.atAddress.set(`/p${i}`, `p${i}`)
      supervisor.learn({ id: `p${i}`, addresses: [`/p${i}`] })
    }
    await pause(100)
    assert.equal(network.dialled.length, 2)
    for (const end of network.held.splice(0)) end()
    await eventually(() => {
      assert.equal(network.held.length, 4)
    })
    while (network.connected.size < 30) {
      for (const end of network.held.splice(0)) end()
      assert.ok(network.held.length <= 16)
      await pause(5)
    }
    assert.deepEqual(supervisor.counts, { dials: 30, dialsFailed: 0 })
  })

  it('connects to one at a time after it thawed, and takes no dial that ended meanwhile for a failure', async () => {
    network.isHeld = true
    supervisor = network.create('a')
    supervisor.onThaw()
    for (const id of ['b', 'c', 'd']) {
      network.atAddress.set(`/${id}`, id)
      supervisor.learn({ id, addresses: [`/${id}`] })
    }
    for (let connected = 1; connected <= 3; connected++) {
      await eventually(() => {
        assert.equal(network.dialled.length, connected)
      })
      await pause(50)
      assert.equal(network.held.length, 1)
      network.held.pop()!()
    }
  })

  it('dials a suspected peer anew each one to two seconds, until it is heard again', async () => {
    supervisor = network.create('a')
    network.atAddress.set('/b', 'b')
    supervisor.learn({ id: 'b', addresses: ['/b'] })
    await eventually(() => {
      assert.ok(network.connected.has('b'))
    })
    await pause(50)
    network.atAddress.set('/b', new DialUnanswered('/b', undefined))
    supervisor.suspect('b')
    supervisor.suspect('b')
    await pause(3300)
    assert.equal(network.anew.length, 3)
    network.isHeld = true
    await eventually(() => {
      assert.equal(network.held.length, 1)
    })
    supervisor.trust('b')
    assert.ok(network.anew.at(-1)!.aborted, 'what is under way is given up')
    network.held.pop()!()
    await pause(2000)
    assert.equal(network.anew.length, 4)
    assert.deepEqual(supervisor.counts, { dials: 1, dialsFailed: 0 })
    assert.equal(supervisor.tests, 4)
  })

  it('goes on to test a peer until a new connection has taken the place of the old one', async () => {
    supervisor = network.create('a')
    network.atAddress.set('/b', 'b')
    supervisor.learn({ id: 'b', addresses: ['/b'] })
    await eventually(() => {
      assert.ok(network.connected.has('b'))
    })
    await pause(50)
    supervisor.suspect('b')
    await eventually(() => {
      assert.equal(network.anew.length, 2)
    })
    network.connected.delete('b')
    supervisor.onLost('b')
    await eventually(() => {
      assert.ok(network.connected.has('b'))
    })
    await pause(1600)
    assert.equal(network.anew.length, 2)
    assert.equal(supervisor.counts.dials, 2)
  })

  it('dials again soon where nothing answers, and as many at once as before', async () => {
    supervisor = network.create('a')
    for (const id of ['b', 'c', 'd', 'e']) {
      network.atAddress.set(`/${id}`, id)
      supervisor.learn({ id, addresses: [`/${id}`] })
    }
    await eventually(() => {
      assert.equal(network.connected.size, 4)
    })
    await pause(50)
    network.dialled.length = 0
    network.connected.clear()
    for (const id of ['b', 'c', 'd', 'e']) {
      network.atAddress.set(`/${id}`, new DialUnanswered(`/${id}`, undefined))
      supervisor.onLost(id)
    }
    await pause(6400)
    assert.equal(network.dialled.length, 4 * 5)
  })

  it('stops dialling a peer that said it does not come back', async () => {
    supervisor = network.create('a')
    supervisor.learn({ id: 'b', addresses: ['/b'] })
    await eventually(() => {
      assert.ok(network.dialled.length >= 2)
    })
    supervisor.forget('b')
    const { length } = network.dialled
    await pause(500)
    assert.equal(network.dialled.length, length)
    assert.deepEqual(supervisor.members, [])
  })

  it('tells when every bootstrap address refuses this peer for good, and not when it may change', async () => {
    supervisor = network.create('a', ['/one', '/two'])
    network.atAddress.set('/one', peerRefused('key')).set('/two', peerRefused('no-cluster'))
    supervisor.start()
    await eventually(() => {
      assert.ok(network.dialled.includes('/one') && network.dialled.includes('/two'))
    })
    await pause(20)
    assert.equal(supervisor.refusal, undefined)
    network.atAddress.set('/two', peerRefused('cluster'))
    await eventually(() => {
      assert.equal(supervisor.refusal, 'key')
    })
  })
})
