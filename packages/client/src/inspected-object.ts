import type { Change, WaitOptions } from '@joinery/crdt-objects'

/** An object taken as it is, whatever its schema. */
export interface InspectedObject {
  readonly name: string
  read(options?: WaitOptions): Promise<unknown>
  changes(options?: { readonly signal?: AbortSignal | undefined }): AsyncIterable<Change>
}
