/*
 * Two peers with any number of channels between them, whose paths are held up and carry on, in any order: in the end they
 * take part in what they share over the same one.
 */
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { clearPending, connect, type FakeChannel, FakePeer, settle } from './fake-peers.ts'

type Step =
  | { readonly kind: 'dial'; readonly byFirst: boolean }
  | { readonly kind: 'hold-up' | 'carry-on'; readonly channel: number; readonly end: number }
  | { readonly kind: 'pass'; readonly ticks: number }
  | { readonly kind: 'arrive'; readonly count: number }

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant('dial' as const), byFirst: fc.boolean() }),
  fc.record({
    kind: fc.constantFrom('hold-up' as const, 'carry-on' as const),
    channel: fc.nat(7),
    end: fc.nat(1),
  }),
  fc.record({ kind: fc.constant('pass' as const), ticks: fc.integer({ min: 1, max: 16 }) }),
  fc.record({ kind: fc.constant('arrive' as const), count: fc.integer({ min: 1, max: 20 }) }),
)

describe('Two peers with several channels', () => {
  it('agree on one in the end', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        clearPending()
        const peers = [new FakePeer('a'), new FakePeer('b')] as const
        const [a, b] = peers
        for (const peer of peers) void peer.membership.openSpace('x')
        const channels: (readonly FakeChannel[])[] = []
        const dial = (byFirst: boolean): void => {
          channels.push(byFirst ? connect(a, b) : connect(b, a))
        }
        const pass = (ticks: number): void => {
          for (let tick = 0; tick < ticks; tick++) {
            for (const peer of peers) {
              peer.nowMs += 500
              peer.membership.tick()
            }
            settle()
          }
        }
        dial(true)
        settle()
        for (const each of steps) {
          if (each.kind === 'dial') dial(each.byFirst)
          else if (each.kind === 'pass') pass(each.ticks)
          else if (each.kind === 'arrive') settle(each.count)
          else {
            const end = channels[each.channel % channels.length]![each.end]!
            if (each.kind === 'hold-up') end.isHeldUp = true
            else end.carryOn()
          }
        }
        for (const ends of channels) for (const end of ends) end.carryOn()
        settle()
        pass(8)
        const isOpen = channels.some((ends) => ends.every(({ closed }) => closed === undefined))
        for (const peer of peers) peer.take()
        a.membership.sendMessage('x', 'b', Uint8Array.of(1), false)
        b.membership.sendMessage('x', 'a', Uint8Array.of(2), false)
        settle()
        assert.deepEqual(b.take(), isOpen ? ['message x a 1'] : [])
        assert.deepEqual(a.take(), isOpen ? ['message x b 2'] : [])
        assert.equal(a.membership.isConnected('b'), isOpen)
        assert.equal(b.membership.isConnected('a'), isOpen)
        assert.equal(a.links.at(-1), isOpen ? 'up b' : 'down b')
        assert.equal(b.links.at(-1), isOpen ? 'up a' : 'down a')
      }),
      { numRuns: 1_000 },
    )
  })
})
