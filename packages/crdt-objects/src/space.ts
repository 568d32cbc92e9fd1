import type { Transaction } from './drafts.ts'
import type { Answer, Face, HandleOn } from './handles.ts'
import type { Schema } from './schema.ts'
import type { WaitOptions } from './wait-options.ts'

/** Options of {@link Space.flush}. */
export interface FlushOptions extends WaitOptions {
  /** How many peers shall hold everything written so far, the embedding peer (or the gateway) counted. Default 1. */
  readonly replicas?: number | undefined
}

/** A named set of objects that live and die together. The same face embedded in a peer and through a gateway. */
export interface Space<P extends Face = Face> extends AsyncDisposable {
  readonly name: string
  /**
   * Opens the object `name`, which comes into being with its first write.
   *
   * @throws JoineryError OBJECT_SCHEMA_DIFFERS when the name is taken by another schema.
   */
  open<S extends Schema>(
    name: string,
    schema: S,
    options?: { readonly signal?: AbortSignal | undefined },
  ): Promise<HandleOn<P, S>>
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
  /** Ends this side's use of the space. What it wrote stays with the others. */
  close(): Promise<void>
}

/** What opens spaces: a peer (`'local'`), a client of a gateway (`'remote'`), or, for portable code, either. */
export interface Spaces<P extends Face = Face> {
  space(name: string, options?: { readonly signal?: AbortSignal | undefined }): Promise<Space<P>>
}
