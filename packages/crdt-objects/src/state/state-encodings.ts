import { StateEncoding, type Encoded } from './state-encoding.ts'
import type { EpochFrame } from './state-frames.ts'

/** So many states may be on their way at once: each keeps what happens meanwhile. */
const ENCODINGS_MAX = 8

/** The states of one replica that are on their way: each is told what happens meanwhile. */
export class StateEncodings {
  private readonly of: Omit<Encoded, 'leave'>
  /** Invariant: at most ENCODINGS_MAX. */
  private readonly encodings = new Set<StateEncoding>()

  constructor(of: Omit<Encoded, 'leave'>) {
    this.of = of
  }

  begin(): StateEncoding {
    if (this.encodings.size >= ENCODINGS_MAX) throw new Error('too many states are being encoded')
    const encoding = new StateEncoding({
      ...this.of,
      leave: () => this.encodings.delete(encoding),
    })
    this.encodings.add(encoding)
    return encoding
  }

  /** A batch was applied, or taken. */
  noteBatch(bytes: Uint8Array): void {
    for (const encoding of this.encodings) encoding.noteBatch(bytes)
  }

  noteEpoch(entered: EpochFrame): void {
    for (const encoding of this.encodings) encoding.noteEpoch(entered)
  }

  noteSettled(epoch: number): void {
    for (const encoding of this.encodings) encoding.noteSettled(epoch)
  }

  /** What happened is told by no batch. */
  noteJump(): void {
    for (const encoding of this.encodings) encoding.noteJump()
  }
}
