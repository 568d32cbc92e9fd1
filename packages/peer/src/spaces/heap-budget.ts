/*
 * The bound of a peer's heap. How much of it lives is known after a full garbage collection, and between two not at all:
 * so it is looked at then. What others have written is taken all the same, or replicas would differ; and what takes
 * something away is taken always, or there would be no way back.
 */
import { constants, PerformanceObserver } from 'node:perf_hooks'
import { type NodeGCPerformanceDetail, type PerformanceEntry } from 'node:perf_hooks'
import { JoineryError } from '@joinery/crdt-objects'
import { type Budget } from '@joinery/crdt-objects/engine'
import { type Reporter } from '../report.ts'

/** It is full above its bound, and not any more below this part of it: at the bound itself it would be both in turn. */
const freeAgainPart = 0.9

/** Refuses to local operations what there is no room for, by what it is told of the heap. */
export class HeapBudget implements Budget {
  readonly #bytesMax: number
  readonly #report: Reporter
  #bytes = 0
  isFull = false

  constructor(bytesMax: number, report: Reporter) {
    this.#bytesMax = bytesMax
    this.#report = report
  }

  /** So much of the heap lives. */
  observe(bytes: number): void {
    this.#bytes = bytes
    const limit = this.isFull ? this.#bytesMax * freeAgainPart : this.#bytesMax
    const isFull = bytes > limit
    if (isFull === this.isFull) return
    this.isFull = isFull
    const kind = isFull ? 'heap-full' : 'heap-has-room'
    this.#report({ kind, bytes, bytesMax: this.#bytesMax })
  }

  refusal(): JoineryError {
    const [bytes, bytesMax] = [this.#bytes, this.#bytesMax]
    const message = `The heap of this peer is full, ${inMebibytes(bytes)} of ${inMebibytes(bytesMax)}: remove what is not needed, end spaces, or raise heapBytesMax.`
    return new JoineryError('HEAP_FULL', message, { bytes, bytesMax }, { retryable: true })
  }
}

/** Tells `observe` how much of the heap, buffers included, is left after each full garbage collection; gives what ends it. */
export function watchHeap(observe: (bytes: number) => void): () => void {
  const observer = new PerformanceObserver((entries) => {
    if (!entries.getEntries().some(isFullCollection)) return
    const { heapUsed, external } = process.memoryUsage()
    observe(heapUsed + external)
  })
  observer.observe({ entryTypes: ['gc'] })
  return () => {
    observer.disconnect()
  }
}

function isFullCollection(entry: PerformanceEntry): boolean {
  const { detail } = entry as PerformanceEntry & { readonly detail: NodeGCPerformanceDetail }
  return detail.kind === constants.NODE_PERFORMANCE_GC_MAJOR
}

function inMebibytes(bytes: number): string {
  return `${Math.round(bytes / 2 ** 20)} MiB`
}
