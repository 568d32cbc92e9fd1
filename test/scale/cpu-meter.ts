/** Processor time that this process has used, in us, its collector of garbage included. */
function usedUs(): number {
  const { user, system } = process.cpuUsage()
  return user + system
}

/** What it costs to look twice: taken off each measurement. */
const overheadUs = measureOverheadUs()

/** Adds up the processor time of pieces of work, however short: their sum is right where each of them is not. */
export class CpuMeter {
  #spentUs = 0
  #sinceUs = 0

  get spentUs(): number {
    return this.#spentUs
  }

  run(work: () => void): void {
    this.#sinceUs = usedUs()
    work()
    this.#spentUs += usedUs() - this.#sinceUs - overheadUs
  }

  /** Within a piece of work: what is not to count. */
  pause(work: () => void): void {
    this.#spentUs += usedUs() - this.#sinceUs - overheadUs
    work()
    this.#sinceUs = usedUs()
  }
}

function measureOverheadUs(): number {
  const rounds = 20_000
  // The first ones are slower than what follows.
  for (let round = 0; round < rounds; round++) usedUs()
  const startUs = usedUs()
  let sum = 0
  for (let round = 0; round < rounds; round++) {
    const before = usedUs()
    sum += usedUs() - before
  }
  // Between the two looks lies about a half of what both take.
  return Math.max(sum, (usedUs() - startUs) / 2) / rounds
}
