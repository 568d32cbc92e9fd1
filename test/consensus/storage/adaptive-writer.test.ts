import assert from 'node:assert/strict'
import { createAdaptiveWriter } from '#consensus/storage/adaptive-writer.ts'
import type { WriteSynced } from '#consensus/storage/synced-writer.ts'

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** A writer over a disk whose syncs take `tookMs` of a clock that stands still otherwise. */
class Rig {
  nowMs = 0
  tookMs = 0.1
  error: Error | null = null
  /** Where each write was synced. */
  readonly places: string[] = []
  readonly #ends: (() => void)[] = []
  readonly write = createAdaptiveWriter({
    nowMs: () => this.nowMs,
    beside: (_descriptor, _bytes, _position, done) => {
      this.places.push('beside')
      this.#ends.push(() => this.#end(done))
    },
    here: (_descriptor, _bytes, _position, done) => {
      this.places.push('here')
      this.#end(done)
    },
  })

  #end(done: Parameters<WriteSynced>[3]): void {
    this.nowMs += this.tookMs
    done(this.error)
  }

  /** Begins a write; what runs beside ends with {@link Rig.endBeside}. */
  begin(bytes = 100): Promise<Error | null> {
    return new Promise((resolve) => this.write(0, Buffer.alloc(bytes), 0, resolve))
  }

  endBeside(): void {
    this.#ends.shift()?.()
  }

  /** Does one write, and answers where. */
  async one(bytes?: number): Promise<string | undefined> {
    const done = this.begin(bytes)
    this.endBeside()
    await done
    return this.places.at(-1)
  }

  async untilHere(): Promise<void> {
    for (let n = 0; n < 100; n++) if ((await this.one()) === 'here') return
    assert.fail('never waits for the disk')
  }
}

describe('A writer that adapts to the disk', () => {
  it('waits for the disk once it has been quick for a while, and not from the beginning', async () => {
    const rig = new Rig()
    assert.equal(await rig.one(), 'beside')
    await rig.untilHere()
    assert.equal(await rig.one(), 'here')
  })

  it('never waits for a disk that is always slow', async () => {
    const rig = new Rig()
    rig.tookMs = 5
    for (let n = 0; n < 200; n++) assert.equal(await rig.one(), 'beside')
  })

  it('loses a twentieth of the time at most to syncs that turn out slow', async () => {
    const rig = new Rig()
    let lostMs = 0
    for (let n = 0; n < 20_000; n++) {
      rig.tookMs = n % 50 === 0 ? 30 : 0.1
      const beganMs = rig.nowMs
      if ((await rig.one()) === 'here' && rig.tookMs > 1) lostMs += rig.nowMs - beganMs
    }
    assert.ok(lostMs > 0)
    assert.ok(lostMs <= rig.nowMs / 20, `${lostMs} of ${rig.nowMs} ms`)
  })

  it('comes back to waiting when the pause after a slow sync is over', async () => {
    const rig = new Rig()
    await rig.untilHere()
    rig.tookMs = 50
    assert.equal(await rig.one(), 'here')
    rig.tookMs = 0.1
    const slowAtMs = rig.nowMs
    for (let n = 0; n < 100; n++) assert.equal(await rig.one(), 'beside')
    rig.nowMs = slowAtMs + 1000
    await rig.untilHere()
  })

  it('does not wait for large writes', async () => {
    const rig = new Rig()
    await rig.untilHere()
    assert.equal(await rig.one(8192), 'beside')
    assert.equal(await rig.one(), 'here')
  })

  it('does not wait while a write of another log is under way', async () => {
    const rig = new Rig()
    await rig.untilHere()
    const large = rig.begin(8192)
    const small = rig.begin()
    assert.deepEqual(rig.places.slice(-2), ['beside', 'beside'])
    rig.endBeside()
    rig.endBeside()
    await Promise.all([large, small])
    assert.equal(await rig.one(), 'here')
  })

  it('lets what a turn sends leave before it waits', async () => {
    const rig = new Rig()
    await rig.untilHere()
    const written = rig.places.length
    const done = rig.begin()
    await Promise.resolve()
    assert.equal(rig.places.length, written)
    await nextTurn()
    assert.equal(rig.places.length, written + 1)
    await done
  })

  it('hands on what went wrong, and is careful afterwards', async () => {
    const rig = new Rig()
    await rig.untilHere()
    rig.error = new Error('EIO')
    assert.equal(await rig.begin(), rig.error)
    rig.error = null
    assert.equal(await rig.one(), 'beside')
  })
})
