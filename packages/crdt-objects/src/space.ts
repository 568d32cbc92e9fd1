import type { Bookmark } from './bookmark.ts'
import type { Transaction } from './drafts.ts'
import type { Answer, HandleOn, Strong } from './handles.ts'
import type { Lifetime } from './lifetime.ts'
import type { Schema } from './schema.ts'
import type { StrongSchema } from './strong-schema.ts'
import type { WaitOptions } from './wait-options.ts'

/** Options of {@link Space.flush}. */
export interface FlushOptions extends WaitOptions {
  /** How many peers shall hold everything written so far, the embedding peer (or the gateway) counted. Default 1. */
  readonly replicas?: number | undefined
}

/** Where a space is used: embedded in a peer, or through a gateway. Objects in strong mode are the same in both. */
export type SpaceFace = 'local' | 'remote'

/** Options of {@link Space.open}. */
export interface OpenOptions {
  readonly signal?: AbortSignal | undefined
}

/** Opens an object of a CRDT schema in strong mode: its calls take their places in one order, and each sees those before. */
export interface LinearizableOptions extends OpenOptions {
  readonly mode: 'linearizable'
}

/** Options of {@link Spaces.space}. */
export interface SpaceOptions {
  /** Resolves when everything is visible that whoever gave this bookmark had seen or written. */
  readonly after?: Bookmark | undefined
  /**
   * How long the space lives, where this founds it; a space that is there has the lifetime that it was founded with. None:
   * it is forgotten, with all that is in it, when no peer has had it open for ten minutes.
   */
  readonly lifetime?: Lifetime | undefined
  readonly signal?: AbortSignal | undefined
}

/** A named set of objects that live and die together. The same face embedded in a peer and through a gateway. */
export interface Space<P extends SpaceFace = SpaceFace> extends AsyncDisposable {
  readonly name: string
  /**
   * What this side has seen here and written so far. Who opens the space `after` it, in another function or at another
   * peer, sees at least that: its own writes, and nothing older than what was read. Writes that no other peer holds when
   * their peer dies are gone all the same: {@link Space.flush} before passing it on, where that matters.
   */
  readonly bookmark: Bookmark
  /**
   * Opens the object `name` in strong mode, in which objects have names of their own: an eventual object of that name
   * is another one. It comes into being with its first opening.
   *
   * @throws JoineryError OBJECT_SCHEMA_DIFFERS when the name is taken by another schema; CALL_TIMEOUT and others when no
   *   majority of voters answers.
   */
  open<S extends Schema>(name: string, schema: S, options: LinearizableOptions): Promise<Strong<S>>
  /** Opens the object `name` of a kind that is there in strong mode only, such as a lock. */
  open<S extends StrongSchema>(name: string, schema: S, options?: OpenOptions): Promise<Strong<S>>
  /**
   * Opens the object `name`, which comes into being with its first write.
   *
   * @throws JoineryError OBJECT_SCHEMA_DIFFERS when the name is taken by another schema.
   */
  open<S extends Schema>(name: string, schema: S, options?: OpenOptions): Promise<HandleOn<P, S>>
  /**
   * Deletes the object of that name in strong mode, everywhere: calls of handles to it throw OBJECT_UNKNOWN from now on,
   * and opening the name makes another object. Nothing happens when there is none. Eventual objects are not deleted:
   * what a concurrent write brought back could not be told from what was never deleted.
   */
  delete(name: string, options?: WaitOptions): Promise<void>
  /**
   * Carries out several writes, on one or several objects, as one: at every replica they become visible together or not
   * at all, and listeners are told of one change. `work` writes through drafts; it neither reads them nor waits. When it
   * throws, or one of its writes is refused, nothing was written.
   *
   * ```ts
   * space.transact((tx) => {
   *   tx(stock).at('apple').subtract(1)
   *   tx(orders).append({ item: 'apple' })
   * })
   * ```
   *
   * @throws JoineryError what the writes throw; OBJECT_TOO_LARGE beyond 4 MiB
   */
  transact(work: (tx: Transaction) => void | undefined): Answer<P, void>
  /**
   * Resolves when `replicas` peers hold every write made before the call.
   *
   * @throws JoineryError CALL_TIMEOUT when fewer hold them in time; the writes stay, and go on spreading.
   */
  flush(options?: FlushOptions): Promise<{ readonly replicas: number }>
  /**
   * Ends the space for everybody, with all that is in it, in strong mode too: what uses it throws SPACE_ENDED from then on,
   * elsewhere a few seconds later at the latest, and a space of that name is another one. Resolves when that is
   * agreed; at once if it has ended before.
   *
   * @throws JoineryError CALL_TIMEOUT, GROUP_UNAVAILABLE: it may have ended all the same
   */
  end(options?: WaitOptions): Promise<void>
  /** Ends this side's use of the space. What it wrote stays with the others. */
  close(): Promise<void>
}

/** What opens spaces: a peer (`'local'`), a client of a gateway (`'remote'`), or, for portable code, either. */
export interface Spaces<P extends SpaceFace = SpaceFace> {
  /**
   * @throws JoineryError CALL_TIMEOUT when what `after` stands for does not arrive in time; SPACE_LIFETIME_DIFFERS when the
   *   space is there with another `lifetime`
   */
  space(name: string, options?: SpaceOptions): Promise<Space<P>>
}
