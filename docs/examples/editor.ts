/**
 * A minimal editor bound to a shared text. What is typed here goes into the text as steps; what others type comes back as
 * steps, and moves the cursor as it must. An editor with Quill-like deltas is bound by the same two calls: pass its ops; embeds are refused.
 *
 *   node --import tsx --conditions=@joinery/source docs/examples/editor.ts
 */
import { type Change, type Local, type SequenceStep, text } from '@joinery/crdt-objects'
import { createPeer } from '@joinery/peer'
import { randomBytes } from 'node:crypto'

/** What an editor keeps: the text it shows, and where the cursor is. */
class Editor {
  shown: string
  cursor = 0
  private readonly text: Local<ReturnType<typeof text>>
  private readonly subscription: Disposable

  constructor(text: Editor['text']) {
    this.text = text
    this.shown = text.value
    this.subscription = text.subscribe((change) => {
      this.follow(change)
    })
  }

  type(typed: string): void {
    this.text.edit([{ retain: this.cursor }, { insert: typed }])
  }

  /** Takes a change over, its own ones too: they all come this way. */
  private follow({ origin, detail }: Change): void {
    for (const { delta } of detail) {
      if (delta === undefined) {
        // The whole entry was removed, or changes were merged: what is shown is read again.
        this.shown = this.text.value
        this.cursor = Math.min(this.cursor, this.shown.length)
        continue
      }
      let at = 0
      for (const step of delta) at = this.take(step, at, origin)
    }
  }

  /** Carries out one step at a place; gives the place after it. */
  private take(step: SequenceStep, at: number, origin: Change['origin']): number {
    if ('retain' in step) return at + step.retain
    if ('delete' in step) {
      this.shown = this.shown.slice(0, at) + this.shown.slice(at + step.delete)
      if (this.cursor > at) this.cursor = Math.max(at, this.cursor - step.delete)
      return at
    }
    const inserted = String(step.insert)
    this.shown = this.shown.slice(0, at) + inserted + this.shown.slice(at)
    // What others put right at the cursor goes behind it.
    if (this.cursor > at || (this.cursor === at && origin === 'local')) {
      this.cursor += inserted.length
    }
    return at + inserted.length
  }

  /** The text with the cursor in it. */
  toString(): string {
    return `${this.shown.slice(0, this.cursor)}|${this.shown.slice(this.cursor)}`
  }

  close(): void {
    this.subscription[Symbol.dispose]()
  }
}

const listen = ['/ip4/127.0.0.1/tcp/0']
const clusterKey = randomBytes(32).toString('hex')
const first = await createPeer({ clusterKey, listen })
const second = await createPeer({ clusterKey, listen, bootstrap: first.addresses })
try {
  const here = await (await first.space('notes')).open('note', text())
  const there = await (await second.space('notes')).open('note', text())
  const ada = new Editor(here)
  const bob = new Editor(there)

  ada.type('Dear all,')
  await there.until((note) => note === 'Dear all,')
  bob.cursor = 5
  bob.type('Ada and ')
  ada.type(' hello!')

  const whole = 'Dear Ada and all, hello!'
  await Promise.all([here, there].map((note) => note.until((now) => now === whole)))
  console.log(`${ada}\n${bob}`)
  console.log(ada.shown === here.value && bob.shown === there.value)
  ada.close()
  bob.close()
} finally {
  await second.stop()
  await first.stop()
}
