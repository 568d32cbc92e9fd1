import assert from 'node:assert/strict'
import { strongChanges, type StrongTarget } from '#crdt-objects/engine.ts'

/** An object whose changes come when a test says so. */
class Target {
  readonly waits: { readonly after: number; resolve(position: number): void }[] = []

  changed(after: number, { signal }: { signal?: AbortSignal | undefined }): Promise<number> {
    return new Promise((resolve, reject) => {
      this.waits.push({ after, resolve })
      // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors
      signal?.addEventListener('abort', () => reject(signal.reason), { once: true })
    })
  }
}

describe('Changes of an object in strong mode', () => {
  const begin = (target: Target, signal?: AbortSignal) =>
    strongChanges(target as unknown as StrongTarget, () => Promise.resolve(7), signal)[
      Symbol.asyncIterator
    ]()

  it('are those after the position at which they were asked for, each after the last', async () => {
    const target = new Target()
    const changes = begin(target)
    const first = changes.next()
    await Promise.resolve()
    await Promise.resolve()
    target.waits[0]!.resolve(12)
    assert.equal((await first).done, false)
    void changes.next()
    await new Promise((resolve) => setImmediate(resolve))
    assert.deepEqual(
      target.waits.map(({ after }) => after),
      [7, 12],
    )
  })

  it('take the last wait along when whoever asked leaves', async () => {
    const changes = begin(new Target())
    const pending = changes.next()
    await changes.return?.()
    assert.deepEqual(await pending, { done: true, value: undefined })
    assert.deepEqual(await changes.next(), { done: true, value: undefined })
  })

  it("throw the signal's own reason when it aborts", async () => {
    const leaving = new AbortController()
    const pending = begin(new Target(), leaving.signal).next()
    await new Promise((resolve) => setImmediate(resolve))
    const reason = new Error('enough')
    leaving.abort(reason)
    await assert.rejects(pending, reason)
  })
})
