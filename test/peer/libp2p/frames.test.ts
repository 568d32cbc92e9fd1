import assert from 'node:assert/strict'
import fc from 'fast-check'
import { concat } from 'uint8arrays/concat'
import { encodeFrames, FrameError, frameBytesMax, FrameReader } from '#peer/libp2p/frames.ts'
import { type ByteSink, FrameWriter } from '#peer/libp2p/frame-writer.ts'

class FakeSink implements ByteSink {
  writableNeedsDrain = false
  readonly sends: Uint8Array[] = []
  roomBytes = Infinity
  #onDrain: () => void = () => undefined

  send(bytes: Uint8Array): boolean {
    this.sends.push(bytes)
    this.roomBytes -= bytes.length
    this.writableNeedsDrain = this.roomBytes <= 0
    return !this.writableNeedsDrain
  }

  addEventListener(_type: 'drain', listener: () => void): void {
    this.#onDrain = listener
  }

  drain(roomBytes: number): void {
    this.roomBytes = roomBytes
    this.writableNeedsDrain = false
    this.#onDrain()
  }

  get frames(): Uint8Array[] {
    return new FrameReader().read(concat(this.sends))
  }
}

function createWriter(sink: ByteSink, queueBytesMax = 1000) {
  const events: string[] = []
  const writer = new FrameWriter(sink, {
    queueBytesMax,
    onOverflow: (bytes) => events.push(`overflow ${bytes}`),
    onDrained: () => events.push('drained'),
    onFailed: (error) => events.push(`failed ${error.message}`),
  })
  return { writer, events }
}

const turn = () => new Promise((resolve) => setImmediate(resolve))

describe('Frames', () => {
  it('come out as they went in, however the stream cuts them', () => {
    const frames = fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 20 })
    fc.assert(
      fc.property(frames, fc.array(fc.nat(60), { minLength: 1 }), (sent, cuts) => {
        const bytes = encodeFrames(sent)
        const reader = new FrameReader()
        const received: Uint8Array[] = []
        for (let at = 0, i = 0; at < bytes.length; i++) {
          const end = at + 1 + cuts[i % cuts.length]!
          received.push(...reader.read(bytes.subarray(at, end)))
          at = end
        }
        assert.deepEqual(received.map(String), sent.map(String))
      }),
    )
  })

  it('of more than the largest size are refused by their header, before anything is kept for them', () => {
    for (const length of [frameBytesMax + 1, 2 ** 32 - 1]) {
      const header = new Uint8Array(4)
      new DataView(header.buffer).setUint32(0, length)
      assert.throws(() => new FrameReader().read(header), FrameError)
      const reader = new FrameReader()
      assert.throws(
        () => reader.read(concat([encodeFrames([new Uint8Array(9)]), header])),
        FrameError,
      )
    }
    const largest = encodeFrames([new Uint8Array(frameBytesMax)])
    assert.equal(new FrameReader().read(largest)[0]!.length, frameBytesMax)
  })

  it('of one turn leave in one send', async () => {
    const sink = new FakeSink()
    const { writer } = createWriter(sink)
    for (let i = 0; i < 50; i++) writer.send(Uint8Array.of(i))
    await turn()
    assert.equal(sink.sends.length, 1)
    assert.equal(sink.frames.length, 50)
  })

  it('wait for the drain event of a stream that takes no more', async () => {
    const sink = new FakeSink()
    const { writer } = createWriter(sink, 10_000)
    sink.roomBytes = 1
    writer.send(Uint8Array.of(1))
    await turn()
    for (let i = 0; i < 3; i++) {
      writer.send(Uint8Array.of(2, i))
      await turn()
      assert.equal(sink.sends.length, 1 + i, 'nothing until the drain')
      // One more each time: a promise that resolves for ever after the first drain would send all of them.
      sink.drain(1)
      await turn()
      assert.equal(sink.sends.length, 2 + i)
    }
    assert.equal(sink.frames.length, 4)
  })

  it('beyond the bound are dropped, all that wait with them, until the stream has drained', async () => {
    const sink = new FakeSink()
    const { writer, events } = createWriter(sink, 1000)
    sink.writableNeedsDrain = true
    for (let i = 0; i < 9; i++) assert.equal(writer.send(new Uint8Array(100)), true)
    assert.equal(writer.send(new Uint8Array(100)), false)
    assert.deepEqual(events, ['overflow 1040'])
    assert.equal(writer.queueBytes, 0)
    assert.equal(writer.send(Uint8Array.of(1)), false)
    await turn()
    assert.equal(sink.sends.length, 0)
    sink.drain(Infinity)
    await turn()
    assert.deepEqual(events, ['overflow 1040', 'drained'])
    assert.equal(writer.send(Uint8Array.of(1)), true)
    await turn()
    assert.equal(sink.frames.length, 1)
  })

  it('that were asked for do not count against the bound', async () => {
    const sink = new FakeSink()
    const { writer, events } = createWriter(sink, 1000)
    sink.writableNeedsDrain = true
    for (let i = 0; i < 100; i++) assert.equal(writer.send(new Uint8Array(100), true), true)
    assert.equal(writer.send(new Uint8Array(900)), true)
    sink.drain(Infinity)
    await turn()
    assert.equal(sink.frames.length, 101)
    assert.equal(writer.queueBytes, 0)
    assert.equal(writer.send(new Uint8Array(1000)), false)
    assert.deepEqual(events, ['overflow 1004'])
  })

  it('that a closing stream throws at end the writer, and nothing else', async () => {
    const sink = new FakeSink()
    sink.send = () => {
      throw new Error('closing')
    }
    const { writer, events } = createWriter(sink)
    writer.send(Uint8Array.of(1))
    await turn()
    assert.deepEqual(events, ['failed closing'])
    assert.equal(writer.send(Uint8Array.of(1)), false)
  })
})
