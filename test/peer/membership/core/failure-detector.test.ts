import assert from 'node:assert/strict'
import { Arrivals } from '#peer/membership/core/arrivals.ts'
import {
  defaultDetectorSettings,
  type DetectorEffect,
  type DetectorInput,
  type InquiryOutcome,
} from '#peer/membership/core/contract.ts'
import { FailureDetector } from '#peer/membership/core/failure-detector.ts'

/** A detector whose neighbours say `alive` each second, unless they are told to be silent. */
class Script {
  readonly detector = new FailureDetector('self')
  readonly silent = new Set<string>()
  nowMs = 0
  #effects: DetectorEffect[] = []

  constructor(...neighbours: string[]) {
    for (const peer of neighbours) this.step({ kind: 'connected', peer, nowMs: 0 })
    this.take()
  }

  step(input: DetectorInput): void {
    this.#effects.push(...this.detector.step(input))
  }

  /** Time passes, in ticks of 500 ms. */
  pass(seconds: number, lateMs = 0): this {
    for (let tick = 0; tick < 2 * seconds; tick++) {
      this.nowMs += 500
      for (const [peer, condition] of this.detector.conditions) {
        const isHeard = condition === 'alive' || condition === 'slow'
        if (isHeard && !this.silent.has(peer)) this.hear(peer, this.nowMs % 1000 === 0)
      }
      this.step({ kind: 'tick', nowMs: this.nowMs, chance: 0, lateMs })
    }
    return this
  }

  hear(peer: string, isStretch = false): void {
    const gapMs = isStretch ? 1000 : undefined
    this.step({ kind: 'heard', peer, atMs: this.nowMs, gapMs })
  }

  answer(from: string, token: number, outcome: InquiryOutcome): void {
    this.step({ kind: 'answered', from, token, outcome, nowMs: this.nowMs })
  }

  /** What it wanted since the last time, in words. */
  take(): string[] {
    return this.#effects.splice(0).map((effect) => {
      switch (effect.kind) {
        case 'ask':
          return `ask ${effect.via} #${effect.token} after ${effect.peer}`
        case 'answer':
          return `answer ${effect.to} #${effect.token} ${effect.outcome}`
        case 'ping':
          return `ping ${effect.peer}`
        case 'tell':
          return `tell ${effect.to} ${effect.suspicions.map((s) => `${s.peer} ${s.condition}`).join()}`
        case 'changed':
          return `${effect.peer} is ${effect.is} after ${effect.silentMs}, heard by ${effect.heardBy}`
        case 'close':
          return `close ${effect.peer}`
        case 'ignored':
          return `ignored: ${effect.reason}`
      }
    })
  }
}

describe('The failure detector', () => {
  it('has nothing to say of neighbours that are heard', () => {
    assert.deepEqual(new Script('b', 'c', 'd').pass(600).take(), [])
  })

  it('asks others after who is silent, and takes it for frozen when they do not hear it either', () => {
    const script = new Script('b', 'c', 'd').pass(10)
    script.silent.add('b')
    assert.deepEqual(script.pass(3.5).take(), [
      'b is slow after 3500, heard by 0',
      'ping b',
      'ask c #0 after b',
      'ask d #0 after b',
    ])
    script.answer('c', 0, 'silent')
    assert.deepEqual(script.take(), [])
    script.answer('d', 0, 'silent')
    assert.deepEqual(script.take(), [
      'b is frozen after 3500, heard by 0',
      'tell c b frozen',
      'tell d b frozen',
    ])
    assert.equal(script.detector.conditionOf('b'), 'frozen')
    script.nowMs += 1
    script.hear('b')
    assert.deepEqual(script.take(), ['b is alive after 3501, heard by 0'])
  })

  it('takes who is heard by others for unreachable from here, and gives up the connection', () => {
    const script = new Script('b', 'c', 'd').pass(10)
    script.silent.add('b')
    script.pass(3.5).take()
    script.answer('d', 0, 'heard')
    assert.deepEqual(script.take(), [], 'it may have been held up, and be heard here in a moment')
    assert.deepEqual(script.pass(1).take(), [
      'b is unreachable after 4500, heard by 1',
      'close b',
      'tell c b unreachable',
      'tell d b unreachable',
    ])
    script.step({ kind: 'disconnected', peer: 'b', nowMs: script.nowMs })
    assert.deepEqual(script.take(), ['ask c #1 after b', 'ask d #1 after b'])
    script.answer('c', 1, 'heard')
    assert.deepEqual(script.pass(1).take(), [], 'as before')
  })

  it('says that it is cut off itself when nobody answers', () => {
    const script = new Script('b', 'c', 'd').pass(10)
    for (const peer of ['b', 'c', 'd']) script.silent.add(peer)
    const told = script.pass(6).take()
    for (const peer of ['b', 'c', 'd']) {
      assert.ok(
        told.some((line) => line.startsWith(`${peer} is unreachable`)),
        told.join('\n'),
      )
      assert.ok(!told.some((line) => line.startsWith(`${peer} is frozen`)))
    }
  })

  it('takes who closed its connections everywhere for dead', () => {
    const script = new Script('b', 'c', 'd').pass(10)
    script.step({ kind: 'disconnected', peer: 'b', nowMs: script.nowMs })
    script.answer('c', 0, 'gone')
    script.answer('d', 0, 'gone')
    assert.deepEqual(script.take().at(2), 'ask d #0 after b')
    assert.equal(script.detector.conditionOf('b'), 'dead')
    assert.deepEqual(script.pass(60).take(), [], 'and asks no more')
    script.pass(250)
    assert.equal(script.detector.conditionOf('b'), undefined, 'and forgets it in the end')
  })

  it('whose connection broke while others hear a peer says so, and asks again', () => {
    const script = new Script('b', 'c').pass(10)
    script.step({ kind: 'disconnected', peer: 'b', nowMs: script.nowMs })
    script.answer('c', 0, 'heard')
    script.pass(1).take()
    assert.equal(script.detector.conditionOf('b'), 'unreachable')
    assert.deepEqual(script.pass(5.5).take(), ['ask c #1 after b'])
    script.answer('c', 1, 'gone')
    assert.equal(script.detector.conditionOf('b'), 'dead')
  })

  it('knows the only other peer by its connection alone', () => {
    const closed = new Script('b').pass(10)
    closed.step({ kind: 'disconnected', peer: 'b', nowMs: closed.nowMs })
    assert.equal(closed.detector.conditionOf('b'), 'dead')
    const silent = new Script('b').pass(10)
    silent.silent.add('b')
    silent.pass(6)
    assert.equal(silent.detector.conditionOf('b'), 'frozen')
    assert.ok(!silent.take().includes('close b'))
    assert.ok(silent.pass(10).take().includes('close b'), 'the connection may be what is broken')
  })

  it('keeps the connections of who is frozen for two minutes', () => {
    const script = new Script('b', 'c').pass(10)
    script.silent.add('b')
    let closedMs = 0
    for (const startMs = script.nowMs; closedMs === 0 && script.nowMs < 300_000;) {
      for (const line of script.pass(0.5).take()) {
        const asked = /^ask c #(\d+)/.exec(line)
        if (asked !== null) script.answer('c', Number(asked[1]), 'silent')
        if (line === 'close b') closedMs = script.nowMs - startMs
      }
    }
    assert.equal(closedMs, 120_500)
  })

  it('finds that a freeze was a partition when others hear the peer again first', () => {
    const script = new Script('b', 'c').pass(10)
    script.silent.add('b')
    script.pass(3.5)
    script.answer('c', 0, 'silent')
    script.take()
    assert.deepEqual(script.pass(5.5).take(), ['ping b', 'ask c #1 after b'].sort().reverse())
    script.answer('c', 1, 'heard')
    script.pass(1)
    assert.equal(script.detector.conditionOf('b'), 'unreachable')
  })

  it('takes nobody for unreachable who is heard a moment after the others heard it', () => {
    const script = new Script('b', 'c').pass(10)
    script.silent.add('b')
    script.pass(3.5).take()
    script.answer('c', 0, 'heard')
    script.silent.delete('b')
    assert.deepEqual(script.pass(10).take(), ['b is alive after 4000, heard by 0'])
  })

  it('listens for who asks, and answers what it heard, or did not', () => {
    const script = new Script('b', 'c').pass(10)
    const ask = (token: number, peer: string): void => {
      script.step({ kind: 'asked', from: 'b', token, peer, nowMs: script.nowMs })
    }
    ask(1, 'self')
    ask(2, 'nobody')
    assert.deepEqual(script.take(), ['answer b #1 heard', 'answer b #2 unknown'])
    ask(3, 'c')
    assert.deepEqual(script.take(), ['ping c'])
    script.hear('c')
    assert.deepEqual(script.take(), [], 'what was here before the question is no answer')
    script.nowMs += 1
    script.hear('c')
    assert.deepEqual(script.take(), ['answer b #3 heard'])
    script.nowMs += 499
    script.silent.add('c')
    ask(4, 'c')
    assert.deepEqual(script.pass(1).take(), ['ping c', 'answer b #4 silent'])
    ask(5, 'c')
    script.step({ kind: 'disconnected', peer: 'c', nowMs: script.nowMs })
    assert.ok(script.take().includes('answer b #5 gone'))
  })

  it('listens for so many at once, and no more', () => {
    const script = new Script('b', 'c')
    for (let token = 0; token < 1024; token++)
      script.step({ kind: 'asked', from: 'b', token, peer: 'c', nowMs: 0 })
    script.take()
    script.step({ kind: 'asked', from: 'b', token: 1024, peer: 'c', nowMs: 0 })
    assert.deepEqual(script.take(), ['ignored: asked after too many peers at once'])
  })

  it('takes answers of those alone that it asked, once', () => {
    const script = new Script('b', 'c', 'd').pass(10)
    script.silent.add('b')
    script.pass(3.5).take()
    script.answer('x', 0, 'heard')
    script.answer('c', 7, 'heard')
    script.answer('c', 0, 'silent')
    script.answer('c', 0, 'heard')
    assert.deepEqual([...new Set(script.take())], ['ignored: an answer that nobody waits for'])
    assert.equal(script.detector.conditionOf('b'), 'slow')
  })

  it('grants a neighbour that is often late more time, up to a bound, and takes it back', () => {
    const arrivals = new Arrivals(defaultDetectorSettings)
    assert.equal(arrivals.timeoutMs, 3000)
    for (let i = 0; i < 20; i++) arrivals.add(i % 2 === 0 ? 1000 : 3000)
    assert.ok(arrivals.timeoutMs > 5000 && arrivals.timeoutMs < 7000, String(arrivals.timeoutMs))
    for (let i = 0; i < 20; i++) arrivals.add(i % 2 === 0 ? 1000 : 20_000)
    assert.equal(arrivals.timeoutMs, 10_000)
    for (let i = 0; i < 60; i++) arrivals.add(1)
    assert.equal(arrivals.timeoutMs, 3000)
  })

  it('adds its own lateness to what it grants others', () => {
    const script = new Script('b', 'c').pass(10, 3000)
    script.silent.add('b')
    assert.deepEqual(script.pass(5.5, 3000).take(), [])
    assert.match(script.pass(1, 3000).take()[0]!, /b is slow after 6500/)
  })

  it('believes nothing of what it measured while it stood still itself', () => {
    const script = new Script('b', 'c').pass(10)
    script.silent.add('b')
    script.pass(3.5).take()
    script.nowMs += 600_000
    script.step({ kind: 'thawed', nowMs: script.nowMs })
    assert.deepEqual(script.take(), ['b is alive after 0, heard by 0'])
    script.answer('c', 0, 'silent')
    assert.deepEqual(script.take(), ['ignored: an answer that nobody waits for'])
    assert.deepEqual(script.pass(3).take(), [])
  })

  it('asks at once after who is silent here for a while when others suspect it', () => {
    const script = new Script('b', 'c').pass(10)
    const tell = (): void => {
      const suspicions = [{ peer: 'b', condition: 'frozen' as const }]
      script.step({ kind: 'told', from: 'c', suspicions, nowMs: script.nowMs })
    }
    tell()
    assert.deepEqual(script.take(), [], 'it is heard here: others may be cut off')
    script.silent.add('b')
    script.pass(2.5)
    tell()
    assert.ok(script.take().includes('ask c #0 after b'))
  })

  it('says otherwise at once when it is suspected itself', () => {
    const script = new Script('b')
    const suspicions = [{ peer: 'self', condition: 'frozen' as const }]
    script.step({ kind: 'told', from: 'b', suspicions, nowMs: 0 })
    assert.deepEqual(script.take(), ['ping b'])
  })

  it('calls who does not read what is sent to it slow, until it does', () => {
    const script = new Script('b').pass(2)
    script.step({ kind: 'behind', peer: 'b', nowMs: script.nowMs })
    script.pass(10)
    assert.equal(script.detector.conditionOf('b'), 'slow')
    script.step({ kind: 'drained', peer: 'b', nowMs: script.nowMs })
    assert.equal(script.detector.conditionOf('b'), 'alive')
  })

  it('forgets who left at once', () => {
    const script = new Script('b', 'c')
    script.step({ kind: 'left', peer: 'b' })
    script.step({ kind: 'disconnected', peer: 'b', nowMs: 0 })
    assert.deepEqual(script.take(), [])
    assert.equal(script.detector.conditionOf('b'), undefined)
  })

  it('remembers a bounded number of peers that are gone', () => {
    const script = new Script()
    for (let i = 0; i < 3000; i++) {
      script.step({ kind: 'connected', peer: `p${i}`, nowMs: i })
      script.step({ kind: 'disconnected', peer: `p${i}`, nowMs: i })
    }
    assert.equal(script.detector.conditions.size, 1024)
    assert.ok(script.detector.conditions.has('p2999'))
  })
})
