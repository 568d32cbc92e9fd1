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
const collectionEveryMs = 2_000
const pressureBytes = 72 * 2 ** 20

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

/**
 * Tells the budget how much of the heap, buffers included, is left after each full garbage collection; gives what ends it.
 * A peer that refuses allocates little, and V8 collects as it allocates: so while the heap is full, and none has come by
 * itself, one is brought about. What was taken away would make no room else.
 */
export function watchHeap(budget: HeapBudget): () => void {
  let timer: NodeJS.Timeout | undefined
  const observer = new PerformanceObserver((entries) => {
    if (!entries.getEntries().some(isFullCollection)) return
    const { heapUsed, external } = process.memoryUsage()
    budget.observe(heapUsed + external)
    clearInterval(timer)
    if (budget.isFull) timer = setInterval(bringAboutCollection, collectionEveryMs).unref()
  })
  observer.observe({ entryTypes: ['gc'] })
  return () => {
    observer.disconnect()
    clearInterval(timer)
  }
}

/**
 * V8 begins a collection, in small steps beside what else is done, once 64 MiB of buffers were made since the last. Memory
 * that nobody touches is never given to the process, so this takes none. It is given away at once, to a port that nobody
 * reads: or it would be counted as living until it is collected.
 */
function bringAboutCollection(): void {
  try {
    const buffer = new ArrayBuffer(pressureBytes)
    const { port1 } = new MessageChannel()
    port1.postMessage(undefined, [buffer])
    port1.close()
  } catch (error) {
    // Not even so much of its address space is left to the process: V8 has collected before it said so.
    if (!(error instanceof RangeError)) throw error
  }
}

function isFullCollection(entry: PerformanceEntry): boolean {
  const { detail } = entry as PerformanceEntry & { readonly detail: NodeGCPerformanceDetail }
  return detail.kind === constants.NODE_PERFORMANCE_GC_MAJOR
}

function inMebibytes(bytes: number): string {
  return `${Math.round(bytes / 2 ** 20)} MiB`
}
