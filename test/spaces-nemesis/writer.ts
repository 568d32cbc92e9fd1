import { setTimeout as sleep } from 'node:timers/promises'
import { isJoineryError } from '@joinery/crdt-objects'
import type { LocalSpace } from '@joinery/peer'
import { nowUs, type Recorder } from '#test/nemesis/records.ts'
import type { Holdings, Line } from './records.ts'
import type { SharedObjects } from './shared-objects.ts'

/** How a writer works. */
export interface Pace {
  readonly writeEveryMs: number
  readonly flushEveryMs: number
  readonly readEveryMs: number
}

/** How far a writer is. */
export interface Mark {
  readonly writer: string
  readonly seq: number
  readonly at: number
  /** All the time that its writes have taken. */
  readonly busyMs: number
}

/** Of how many peers a write is acknowledged, its writer's counted. */
const replicas = 2
const flushTimeoutMs = 3_000
const reachEveryMs = 5

/** Writes, flushes and reads at one replica, and writes down what came of it. */
export class Writer {
  readonly #name: string
  readonly #space: LocalSpace
  readonly #objects: SharedObjects
  readonly #recorder: Recorder<Line>
  readonly #countByWriter = new Map<string, number>()
  #seq = 0
  #acknowledged = 0
  #busyMs = 0
  #isStopped = false
  #loops: Promise<unknown> = Promise.resolve()

  constructor(
    name: string,
    { space, objects }: { readonly space: LocalSpace; readonly objects: SharedObjects },
    recorder: Recorder<Line>,
  ) {
    this.#name = name
    this.#space = space
    this.#objects = objects
    this.#recorder = recorder
  }

  start({ writeEveryMs, flushEveryMs, readEveryMs }: Pace): void {
    this.#loops = Promise.all([
      this.#every(writeEveryMs, () => this.#write()),
      this.#every(flushEveryMs, async () => await this.#flush()),
      this.#every(readEveryMs, () => this.#read()),
    ])
    // A failure is told to who asks for the rest.
    this.#loops.catch(() => undefined)
  }

  /** One more write, which tells how far this is. */
  mark(): Mark {
    this.#write()
    return { writer: this.#name, seq: this.#seq, at: nowUs(), busyMs: this.#busyMs }
  }

  /** Writes so often; resolves with whether all of it was acknowledged before the time was over. */
  async visit(writes: number, timeoutMs: number): Promise<boolean> {
    for (let left = writes; left > 0; left--) this.#write()
    return await this.acknowledge(timeoutMs)
  }

  /** Flushes until all that is written so far is acknowledged; whether it was before the time was over. */
  async acknowledge(timeoutMs: number): Promise<boolean> {
    const seq = this.#seq
    const deadline = performance.now() + timeoutMs
    while (this.#acknowledged < seq && performance.now() < deadline) await this.#flush()
    return this.#acknowledged >= seq
  }

  /** Waits until this replica shows so many writes of each; whether it did before the time was over. */
  async reach(counts: Readonly<Record<string, number>>, timeoutMs: number): Promise<boolean> {
    const deadline = performance.now() + timeoutMs
    const isReached = (): boolean =>
      Object.entries(counts).every(([writer, seq]) => this.#objects.countOf(writer) >= seq)
    while (!isReached()) {
      if (performance.now() > deadline) return false
      await sleep(reachEveryMs)
    }
    return true
  }

  holdings(): Holdings {
    return this.#objects.holdings()
  }

  /** Ends what is under way. */
  async rest(): Promise<void> {
    this.#isStopped = true
    await this.#loops
  }

  #write(): void {
    const seq = this.#seq + 1
    this.#recorder.write({ kind: 'write', seq })
    const startMs = performance.now()
    try {
      this.#objects.write(this.#name, seq)
      this.#seq = seq
    } catch (error) {
      this.#recorder.write({ kind: 'refused', seq, code: codeOf(error) })
    }
    this.#busyMs += performance.now() - startMs
  }

  async #flush(): Promise<void> {
    const seq = this.#seq
    try {
      await this.#space.flush({ replicas, timeoutMs: flushTimeoutMs })
      this.#acknowledged = Math.max(this.#acknowledged, seq)
      this.#recorder.write({ kind: 'acknowledged', seq, at: nowUs() })
    } catch (error) {
      this.#recorder.write({ kind: 'unacknowledged', code: codeOf(error) })
    }
  }

  #read(): void {
    const { total, counts } = this.#objects
    const changed: Record<string, number> = {}
    for (const writer of new Set([...counts.keys(), ...this.#countByWriter.keys()])) {
      const count = counts.get(writer) ?? 0
      if (count === this.#countByWriter.get(writer)) continue
      changed[writer] = count
      this.#countByWriter.set(writer, count)
    }
    this.#recorder.write({ kind: 'read', at: nowUs(), total, counts: changed })
  }

  async #every(delayMs: number, work: () => void | Promise<void>): Promise<void> {
    while (!this.#isStopped) {
      await work()
      await sleep(delayMs)
    }
  }
}

/** @throws what is no failure that a peer may tell of */
function codeOf(error: unknown): string {
  if (isJoineryError(error)) return error.code
  throw error
}
