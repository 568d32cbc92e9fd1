import { type Counting, countPartition } from './count.ts'
import type { Partition } from './data.ts'
import { type Done, nowMs } from './messages.ts'

const flushMsMax = 20_000

/** Counts partitions, and keeps a record of that. */
export class Ledger {
  readonly #counting: Counting
  readonly #partitions: string[] = []
  #operations = 0
  #lastWriteMs = 0

  constructor(counting: Counting) {
    this.#counting = counting
  }

  get done(): Done {
    return {
      partitions: this.#partitions,
      operations: this.#operations,
      lastWriteMs: this.#lastWriteMs,
    }
  }

  /** Counts what is missing of a partition. Afterwards one other peer at least holds it. */
  async count(part: Partition, slicesMax = Infinity): Promise<void> {
    this.#operations += await countPartition(this.#counting, part, slicesMax)
    this.#lastWriteMs = nowMs()
    if (slicesMax === Infinity) this.#partitions.push(part.name)
    // What one other peer holds reaches all that live, whatever happens to this process.
    await this.#counting.space.flush({ replicas: 2, timeoutMs: flushMsMax })
  }
}
