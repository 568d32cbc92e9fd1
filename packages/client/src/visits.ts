import type { JoineryError } from '@joinery/crdt-objects'
import type { RemoteSpace } from './remote-space.ts'
import { SeenVector } from './seen-vector.ts'

/** Spaces that were open once, of which is remembered what was seen there: the one left first is forgotten. */
const leftMax = 1024

/** What a client has of one space. */
export interface Visit {
  /** Across closing it and opening it again. */
  seen: SeenVector
  /** The last that was open. */
  space: RemoteSpace | undefined
  /** Openings under way. */
  openings: number
}

/** The spaces of a client: those that it has open, and what it has seen of those that it has left. */
export class Visits {
  private readonly visitByName = new Map<string, Visit>()
  /** Not open, and not being opened; the first has been so longest. Invariant: at most `leftMax`. */
  private readonly left = new Set<string>()

  find(name: string): Visit | undefined {
    return this.visitByName.get(name)
  }

  /** The spaces that are open. */
  get open(): readonly (readonly [string, RemoteSpace])[] {
    return [...this.visitByName].flatMap(([name, { space }]) =>
      space === undefined || space.signal.aborted ? [] : [[name, space] as const],
    )
  }

  /** Whether it is neither open nor being opened. */
  isOver(name: string): boolean {
    const { space, openings } = this.visitByName.get(name) ?? { openings: 0 }
    return openings === 0 && (space === undefined || space.signal.aborted)
  }

  /** An opening begins. Whoever makes it counts it down. */
  begin(name: string): Visit {
    let visit = this.visitByName.get(name)
    if (visit === undefined) {
      visit = { seen: new SeenVector(), space: undefined, openings: 0 }
      this.visitByName.set(name, visit)
    }
    visit.openings += 1
    this.left.delete(name)
    return visit
  }

  /** Something has ended that may have been the last of it; gives whether it was. */
  leave(name: string): boolean {
    if (!this.isOver(name)) return false
    this.left.delete(name)
    if (this.visitByName.get(name)?.space === undefined) this.visitByName.delete(name)
    else this.left.add(name)
    if (this.left.size > leftMax) {
      const [oldest = name] = this.left
      this.left.delete(oldest)
      this.visitByName.delete(oldest)
    }
    return true
  }

  /** The space has ended: another of its name begins with nothing. */
  end(name: string, reason: JoineryError): void {
    const visit = this.visitByName.get(name)
    if (visit === undefined) return
    visit.space?.hasEnded(reason)
    visit.space = undefined
    visit.seen = new SeenVector()
    this.leave(name)
  }
}
