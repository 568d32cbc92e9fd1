/** A replica, by a number for it, and the number of its last update. */
export type Advance = readonly [index: number, last: number]

/** We are the first replica that we know. */
const FIRST_OTHER = 1

/**
 * Which of others' updates a batch must name as what it comes after: those seen since the last one, less what others of
 * these name.
 *
 * That is enough for the order of causes, for a batch applies only after what it names, and that only after what it names
 * itself. No two imply each other, so there is always one that nothing implies. Where many write it saves most: of all
 * who wrote meanwhile, an author names those whose last batch nobody had seen yet who wrote after it.
 */
export class Causes {
  /** By index: what our batches have told, by name or by naming what came after. Invariant: at or below what is seen. */
  private readonly told: number[] = [0]
  /**
   * By index: how far it is named by batches that are applied here. Invariant: at or below what is seen, while its life
   * goes on.
   */
  private readonly implied: number[] = [0]

  /** The index is of another replica from now on, which is seen so far. */
  begin(index: number, seen: number): void {
    this.told[index] = seen
    this.implied[index] = 0
  }

  /** A batch is applied that names these rows of its table. */
  imply(names: readonly Advance[], indexes: readonly number[]): void {
    for (const [row, last] of names) {
      const index = indexes[row]
      if (index !== undefined && last > (this.implied[index] ?? 0)) this.implied[index] = last
    }
  }

  /** What was seen of others since this was asked before: a batch tells it. */
  tell(seen: readonly number[]): Advance[] {
    const { told } = this
    const advanced: Advance[] = []
    for (let index = FIRST_OTHER; index < seen.length; index++) {
      const last = seen[index] ?? 0
      if (last <= (told[index] ?? 0)) continue
      told[index] = last
      advanced.push([index, last])
    }
    return advanced
  }

  /** Whether that is told without being named. */
  isImplied([index, last]: Advance): boolean {
    return last <= (this.implied[index] ?? 0)
  }
}
