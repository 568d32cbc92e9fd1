import assert from 'node:assert/strict'
import type { Presence } from '#peer/groups/core/presence.ts'
import { GroupLinks, type RequestResult } from '#peer/groups/group-links.ts'
import { encodeItems } from '#peer/groups/link-codec.ts'

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString()
const bytes = (value: string): Uint8Array => Uint8Array.from(Buffer.from(value))

let deferred: (() => void)[] = []

/** Runs what was put off and delivers what was sent, until nothing is left. */
function settle(): void {
  for (let next = deferred.shift(); next !== undefined; next = deferred.shift()) next()
}

class Side {
  readonly events: string[] = []
  readonly links: GroupLinks
  readonly served: { body: string; reply: (body: Uint8Array) => void }[] = []
  sends = 0
  queueBytes = 0
  other!: Side

  constructor(name: string, node: number) {
    const note = (event: string): void => void this.events.push(event)
    const presence: Presence = {
      ...{ node, isCandidate: true, isDurable: false, isLeaving: false },
      ...{ groups: 1, members: [] },
    }
    this.links = new GroupLinks(
      {
        send: (peer, fragment) => {
          if (!this.links.isUp(peer)) return false
          this.sends++
          const { other } = this
          deferred.push(() => {
            if (other.links.isUp(name)) other.links.onLinkBytes(name, fragment)
          })
          return true
        },
        queueBytesOf: () => this.queueBytes,
        defer: (task) => void deferred.push(task),
      },
      {
        presence: () => presence,
        onPresence: (peer, said) => note(`presence ${peer} ${said.node}`),
        onDown: (peer) => note(`down ${peer}`),
        onMessage: (peer, group, { to, bytes: body }) =>
          note(`message ${peer} ${group} ${to} ${text(body)}`),
        onPartSent: (peer, group, ok) => note(`part ${peer} ${group} ${ok}`),
        serve: (peer, body, reply) => {
          note(`serve ${peer} ${text(body)}`)
          this.served.push({ body: text(body), reply })
          return () => note(`end ${text(body)}`)
        },
      },
    )
  }

  take(): string[] {
    return this.events.splice(0)
  }
}

describe('The links of groups', () => {
  let a: Side
  let b: Side

  beforeEach(() => {
    deferred = []
    a = new Side('a', 1)
    b = new Side('b', 2)
    a.other = b
    b.other = a
    a.links.onLinkUp('b')
    b.links.onLinkUp('a')
    settle()
  })

  function cut(): void {
    a.links.onLinkDown('b')
    b.links.onLinkDown('a')
  }

  it('begin with what each side says of itself', () => {
    assert.deepEqual(a.take(), ['presence b 2'])
    assert.deepEqual(b.take(), ['presence a 1'])
  })

  it('carry what all groups say in one turn in one payload, in order', () => {
    b.take()
    a.sends = 0
    for (let group = 0; group < 100; group++)
      a.links.sendMessage('b', group, { to: 2, bytes: bytes(`m${group}`) })
    settle()
    assert.equal(a.sends, 1)
    assert.deepEqual(
      b.take(),
      Array.from({ length: 100 }, (_, group) => `message a ${group} 2 m${group}`),
    )
  })

  it('answer each request once, in whatever order, and end what is no longer waited for', () => {
    const results: string[] = []
    const ask = (body: string): (() => void) =>
      a.links.request('b', bytes(body), (result) => {
        results.push(result instanceof Uint8Array ? text(result) : result)
      })
    ask('one')
    const cancel = ask('two')
    ask('three')
    settle()
    const [one, two, three] = b.served
    three!.reply(bytes('3'))
    three!.reply(bytes('again'))
    cancel()
    settle()
    two!.reply(bytes('2'))
    one!.reply(bytes('1'))
    settle()
    assert.deepEqual(results, ['3', '1'])
    assert.ok(b.take().includes('end two'))
  })

  it('answer what was asked with lost when they go down, and end what was served', () => {
    const results: RequestResult[] = []
    a.links.request('b', bytes('asked'), (result) => results.push(result))
    settle()
    b.take()
    cut()
    settle()
    assert.deepEqual(results, ['lost'])
    assert.deepEqual(b.take(), ['end asked', 'down a'])
    a.links.request('b', bytes('later'), (result) => results.push(result))
    assert.equal(results.length, 1, 'never at once')
    settle()
    assert.deepEqual(results, ['lost', 'down'])
    b.served[0]!.reply(bytes('to nobody'))
    settle()
  })

  it('have one part of a snapshot under way, and say when it was taken or is lost', () => {
    a.take()
    a.links.sendPart('b', 3, { to: 2, bytes: bytes('part') })
    settle()
    assert.deepEqual(a.take(), ['part b 3 true'])
    assert.ok(b.take().includes('message a 3 2 part'))
    a.links.sendPart('b', 3, { to: 2, bytes: bytes('next') })
    cut()
    settle()
    assert.deepEqual(a.take(), ['part b 3 false', 'down b'])
    a.links.sendPart('b', 3, { to: 2, bytes: bytes('to nobody') })
    settle()
    assert.deepEqual(a.take(), ['part b 3 false'])
  })

  it('drop messages and refuse requests for a neighbour that does not read', () => {
    b.take()
    a.queueBytes = 64 * 2 ** 20
    const results: RequestResult[] = []
    a.links.sendMessage('b', 0, { to: 2, bytes: bytes('dropped') })
    a.links.request('b', bytes('refused'), (result) => results.push(result))
    settle()
    assert.deepEqual([results, b.take()], [['busy'], []])
  })

  it('carry payloads that are larger than a frame', () => {
    b.take()
    a.links.sendMessage('b', 0, { to: 2, bytes: new Uint8Array(1_000_000).fill(120) })
    settle()
    assert.equal(b.take()[0]!.length, 'message a 0 2 '.length + 1_000_000)
  })

  it('refuse bytes that are none of their payloads, and answers that nobody asked for change nothing', () => {
    assert.throws(() => a.links.onLinkBytes('b', Uint8Array.of(0, 99)), {
      code: 'ENCODING_INVALID',
    })
    a.take()
    const odd = encodeItems([
      { kind: 'reply', id: 77, body: bytes('?') },
      { kind: 'cancel', id: 77 },
      { kind: 'part-taken', group: 9 },
    ])
    a.links.onLinkBytes('b', Uint8Array.of(0, ...odd))
    settle()
    assert.deepEqual(a.take(), [])
  })

  it('refuse a request under a number that is in use', () => {
    const twice = encodeItems([
      { kind: 'request', id: 5, body: bytes('x') },
      { kind: 'request', id: 5, body: bytes('y') },
    ])
    b.take()
    b.links.onLinkBytes('a', Uint8Array.of(0, ...twice))
    settle()
    assert.deepEqual(b.take(), ['serve a x'])
  })
})
