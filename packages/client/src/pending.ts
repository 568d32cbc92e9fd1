import type { Call, NumberedCall } from './call.ts'

/** Writes that wait for their answers, in the order of their numbers, which have no gaps. */
export class UnansweredWrites {
  private calls: NumberedCall[] = []
  private head = 0
  /** The number of the next write to be sent. */
  next = 1

  get length(): number {
    return this.calls.length - this.head
  }

  /** All writes up to this one are answered. */
  get acknowledged(): number {
    return this.next - 1 - this.length
  }

  add(call: NumberedCall): void {
    call.sequence = this.next++
    this.calls.push(call)
  }

  find(sequence: number): NumberedCall | undefined {
    return this.calls[this.head + sequence - this.acknowledged - 1]
  }

  /** Resolves all up to `sequence` that have no answer yet. */
  done(sequence: number): void {
    while (this.head < this.calls.length && this.calls[this.head]!.sequence <= sequence) {
      this.calls[this.head++]!.resolve(undefined)
    }
    if (this.head === this.calls.length) {
      this.calls.length = 0
      this.head = 0
    } else if (this.head > 1024) {
      this.calls = this.calls.slice(this.head)
      this.head = 0
    }
  }

  all(): readonly NumberedCall[] {
    return this.calls.slice(this.head)
  }

  /** Takes back all that the gateway is known not to have applied: they will get new numbers. */
  takeBack(): readonly NumberedCall[] {
    const calls = this.all()
    this.next = this.acknowledged + 1
    this.calls = []
    this.head = 0
    return calls
  }

  /** Forgets all and numbers from 1 again: the gateway knows none of them. */
  restart(): readonly NumberedCall[] {
    const calls = this.all()
    this.calls = []
    this.head = 0
    this.next = 1
    return calls
  }
}

/** Calls that have not been sent, in their order, with a bound. */
export class Outbox {
  private calls: Call[] = []
  private head = 0

  get length(): number {
    return this.calls.length - this.head
  }

  push(call: Call): void {
    this.calls.push(call)
  }

  /** Puts calls before all others. */
  unshift(calls: readonly Call[]): void {
    this.calls = [...calls, ...this.all()]
    this.head = 0
  }

  peek(): Call | undefined {
    return this.calls[this.head]
  }

  shift(): void {
    this.head += 1
    if (this.head === this.calls.length) {
      this.calls = []
      this.head = 0
    }
  }

  all(): readonly Call[] {
    return this.calls.slice(this.head)
  }
}
