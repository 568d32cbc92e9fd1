import { PermitsObject } from './permits-object.ts'

/** What a semaphore reads as. */
export interface SemaphoreValue {
  readonly permits: number
  readonly free: number
  readonly waiting: number
}

/** So many permits, and whoever came first has them first. */
export class SemaphoreObject extends PermitsObject {
  read(): SemaphoreValue {
    return { permits: this.total, free: this.free, waiting: this.waiting.size }
  }
}
