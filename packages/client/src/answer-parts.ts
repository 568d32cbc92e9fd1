import { decodeValue, Reader, Writer } from '@joinery/crdt-objects/engine'
import { answerBytesMax } from './protocol/limits.ts'

/** Long answers that arrive in parts, by the ids of their requests. */
export class AnswerParts {
  private readonly partsById = new Map<number, Writer>()

  /**
   * Adds a part. Gives the answer once it is whole.
   *
   * @throws JoineryError ENCODING_INVALID, also for one that is cut off because it is longer than an answer may be
   */
  add(id: number, bytes: Uint8Array, last: boolean): { readonly value: unknown } | undefined {
    const parts = this.partsById.get(id) ?? new Writer(bytes.length * 2)
    this.partsById.set(id, parts)
    parts.raw(bytes)
    if (!last && parts.length <= answerBytesMax) return undefined
    this.partsById.delete(id)
    return { value: decodeValue(new Reader(parts.written())) }
  }

  forget(id: number): void {
    this.partsById.delete(id)
  }

  clear(): void {
    this.partsById.clear()
  }
}
