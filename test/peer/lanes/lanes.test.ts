import assert from 'node:assert/strict'
import { createConnection } from 'node:net'
import { Lanes } from '#peer/lanes/lanes.ts'
import { type Lane } from '#peer/lanes/lane.ts'
import { eventually } from '#test/eventually.ts'

const host = '127.0.0.1'

/** What arrives on a lane, and why it ended. */
function watched(lane: Lane): { readonly bytes: number[]; readonly ends: string[] } {
  const bytes: number[] = []
  const ends: string[] = []
  lane.watch({
    onBytes: (chunk) => bytes.push(...chunk),
    onEnded: (reason) => ends.push(reason),
  })
  return { bytes, ends }
}

describe('Lanes', () => {
  let listener: Lanes
  let dialler: Lanes
  let taken: Lane[]

  beforeEach(async () => {
    ;[listener, dialler, taken] = [new Lanes(), new Lanes(), []]
    await listener.listen(host, 0)
  })

  afterEach(async () => {
    await Promise.all([listener.close(100), dialler.close(100)])
  })

  const offer = (): ReturnType<Lanes['offer']> =>
    listener.offer('dialler', (lane) => taken.push(lane))

  it('come of an offer, and carry bytes both ways once they are read', async () => {
    const lane = await dialler.dial('listener', host, offer()!.offer)
    await eventually(() => assert.equal(taken.length, 1))
    const [here, there] = [watched(lane!), watched(taken[0]!)]
    lane!.send(Uint8Array.of(1, 2))
    taken[0]!.send(Uint8Array.of(3))
    lane!.read()
    await eventually(() => assert.deepEqual(here.bytes, [3]))
    assert.deepEqual(there.bytes, [], 'nothing is read before it is asked for')
    taken[0]!.read()
    await eventually(() => assert.deepEqual(there.bytes, [1, 2]))
    assert.deepEqual([listener.count, dialler.count], [1, 1])
  })

  it('end at both sides, and what was sent before still arrives', async () => {
    const lane = await dialler.dial('listener', host, offer()!.offer)
    await eventually(() => assert.equal(taken.length, 1))
    const there = watched(taken[0]!)
    taken[0]!.read()
    lane!.send(new Uint8Array(100_000).fill(9))
    await lane!.end(1000)
    await eventually(() => {
      assert.deepEqual([there.bytes.length, there.ends.length], [100_000, 1])
      assert.deepEqual([listener.count, dialler.count], [0, 0])
    })
  })

  it('are made for whoever holds the secret, and for nobody else', async () => {
    const made = offer()!.offer
    const wrong = { ...made, secret: new Uint8Array(32) }
    assert.equal(await dialler.dial('listener', host, wrong), undefined)
    assert.equal(await dialler.dial('listener', host, { ...made, name: 'other' }), undefined)
    assert.notEqual(await dialler.dial('listener', host, made), undefined)
    await eventually(() => assert.equal(taken.length, 1))
  })

  it('are made once of an offer, and not after it is withdrawn', async () => {
    const [first, second] = [offer()!, offer()!]
    assert.notEqual(await dialler.dial('listener', host, first.offer), undefined)
    await eventually(() => assert.equal(taken.length, 1))
    assert.equal(await dialler.dial('listener', host, first.offer), undefined)
    second.withdraw()
    assert.equal(await dialler.dial('listener', host, second.offer), undefined)
    assert.equal(taken.length, 1)
  })

  it('have a port at which a stranger gets nothing but a closed socket', async () => {
    const { port } = offer()!.offer.ports[0]!
    const bytes = await new Promise<number>((resolve) => {
      let count = 0
      const socket = createConnection(port, host, () => socket.write('GET / HTTP/1.1\r\n\r\n'))
      socket.on('data', (chunk) => (count += chunk.length))
      socket.on('close', () => resolve(count))
      socket.on('error', () => undefined)
    })
    assert.ok(bytes < 16, 'an alert of TLS at most')
    assert.equal(taken.length, 0)
  })

  it('that break as soon as they are made are not tried again for a while', async () => {
    const lane = await dialler.dial('listener', host, offer()!.offer)
    dialler.broke('listener', lane!)
    assert.equal(await dialler.dial('listener', host, offer()!.offer), undefined)
    assert.notEqual(await dialler.dial('another', host, offer()!.offer), undefined)
  })

  it('tell of an end that came before anybody asked', async () => {
    const lane = await dialler.dial('listener', host, offer()!.offer)
    await eventually(() => assert.equal(taken.length, 1))
    await Promise.all([lane!.end(1000), eventually(() => assert.equal(listener.count, 0))])
    const { ends } = watched(taken[0]!)
    await eventually(() => assert.equal(ends.length, 1))
  })

  it('are offered to so many neighbours, and no more', () => {
    const offers = Array.from({ length: 130 }, offer)
    assert.deepEqual(
      [offers.filter((each) => each !== undefined).length, offers.at(-1)],
      [128, undefined],
    )
    offers[0]!.withdraw()
    assert.notEqual(offer(), undefined)
  })
})
