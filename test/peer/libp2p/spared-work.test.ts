import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { MessageStream, Stream } from '@libp2p/interface'
import { spareStackTraces } from '#peer/libp2p/noise-lengths.ts'
import { spareWindowUpdates } from '#peer/libp2p/window-updates.ts'

const require = createRequire(import.meta.url)

function versionOf(name: string): unknown {
  const entry = require.resolve(name)
  const root = entry.slice(0, entry.lastIndexOf(`/${name}/`) + name.length + 2)
  return (JSON.parse(readFileSync(`${root}package.json`, 'utf8')) as { version: unknown }).version
}

/** A stream of yamux, as far as its window goes. */
class Window {
  state = 3
  recvWindow = 100
  recvWindowCapacity = 100
  updates = 0

  take(bytes: number): void {
    this.recvWindowCapacity -= bytes
    this.sendWindowUpdate()
  }

  sendWindowUpdate(): void {
    this.updates++
    this.recvWindowCapacity = this.recvWindow
  }
}

describe('What is spared libp2p', () => {
  it('is known of the versions that are installed', () => {
    // Look again at window-updates.ts and noise-lengths.ts before these change: both know what is in no public type.
    assert.equal(versionOf('@libp2p/yamux'), '8.0.3')
    assert.equal(versionOf('@libp2p/noise'), '17.0.3')
  })

  it('says that a window is open again when half of it is used up, and not before', () => {
    const window = new Window()
    spareWindowUpdates(window as unknown as Stream)
    window.take(20)
    window.take(29)
    assert.equal(window.updates, 0)
    window.take(1)
    assert.deepEqual([window.updates, window.recvWindowCapacity], [1, 100])
  })

  it('keeps the first update of a stream, which establishes it', () => {
    const window = new Window()
    window.state = 2
    spareWindowUpdates(window as unknown as Stream)
    window.take(1)
    assert.equal(window.updates, 1)
  })

  it('reads lengths of two bytes, and finds none in fewer without an error', () => {
    const stream = { decoder: { lengthDecoder: (_: unknown): number => assert.fail() } }
    spareStackTraces(stream as unknown as MessageStream)
    const lengthOf = (...bytes: number[]): number =>
      stream.decoder.lengthDecoder({
        length: bytes.length,
        get: (index: number) => bytes[index] ?? 0,
      })
    assert.equal(lengthOf(1, 2, 9), 258)
    assert.ok(Number.isNaN(lengthOf(1)))
    assert.ok(Number.isNaN(lengthOf()))
  })

  it('is nothing where a stream is of another shape', () => {
    const stream = Object.freeze({ decoder: {} }) as unknown
    spareStackTraces(stream as MessageStream)
    spareWindowUpdates(stream as Stream)
  })
})
