import { rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { createSegment, type OpenSegment, type Segment } from './segment.ts'

const sparesMax = 1

/** Segments ready to be written to: made ahead of need, from files that are no longer needed where there are any. */
export class SegmentSupply {
  readonly #directory: string
  readonly #segmentBytes: number
  readonly #spares: string[] = []
  #nextNumber: number
  #prepared: Promise<OpenSegment> | undefined

  constructor(directory: string, segmentBytes: number, nextNumber: number) {
    this.#directory = directory
    this.#segmentBytes = segmentBytes
    this.#nextNumber = nextNumber
  }

  /** Begins to make the next segment, if that has not begun. */
  prepare(): void {
    if (this.#prepared !== undefined) return
    this.#prepared = this.#create(this.#segmentBytes)
    // Whoever takes it is told.
    this.#prepared.catch(() => {})
  }

  /** The next segment, with room for `bytesMin`. Its number is greater than any before. */
  async take(bytesMin: number): Promise<OpenSegment> {
    if (bytesMin > this.#segmentBytes) {
      await this.discard()
      return await this.#create(bytesMin)
    }
    this.prepare()
    const taken = this.#prepared!
    this.#prepared = undefined
    return await taken
  }

  /** Takes back a segment that holds nothing of use; it is closed. */
  async retire({ path, number, bytesMax }: Segment): Promise<void> {
    if (bytesMax !== this.#segmentBytes || this.#spares.length >= sparesMax) {
      await rm(path, { force: true })
      return
    }
    const spare = join(this.#directory, `spare-${number}`)
    await rename(path, spare)
    this.#spares.push(spare)
  }

  /** Ends what was made ahead. */
  async discard(): Promise<void> {
    const prepared = await this.#prepared?.catch(() => undefined)
    this.#prepared = undefined
    if (prepared === undefined) return
    await prepared.handle.close()
    await rm(prepared.path, { force: true })
  }

  async #create(bytes: number): Promise<OpenSegment> {
    const spare = bytes === this.#segmentBytes ? this.#spares.pop() : undefined
    return await createSegment(this.#directory, this.#nextNumber++, bytes, spare)
  }
}
