import type { WaitOptions } from '@joinery/crdt-objects'

/**
 * Carries what was written outside the order along with the calls that synchronise: whoever a call lets go on sees the
 * eventual writes that were made before it. Where there are no eventual writes it costs nothing.
 */
export interface Visibility {
  /**
   * Before a command on an object of `space`: brings the eventual writes made here to another replica, if the space has
   * one, and gives the version vector that the call is to carry. Undefined at once when there is nothing to carry.
   */
  before(space: string, options: WaitOptions): Promise<Uint8Array | undefined> | undefined
  /**
   * After an outcome that carries `vector`: resolves when the replica here shows what it covers, or cannot get it any
   * more. Undefined at once when it does already.
   */
  after(space: string, vector: Uint8Array, options: WaitOptions): Promise<void> | undefined
}
