import type { ObjectSummary, PeerSummary, SpaceSummary } from '@joinery/client/protocol'
import type { Kind, Space } from '@joinery/crdt-objects'

/**
 * Gives the local handle of an object as it is to be served now: once this process opens the object with a validator,
 * clients are refused what the validator refuses.
 */
export type ServedObject = () => object

/** A space as a gateway serves it. */
export interface HostedSpace extends Space<'local'> {
  /** Opens an object for a caller whose schema came as a descriptor. @throws as {@link Space.open} */
  serve(name: string, kind: Kind): Promise<ServedObject>
}

/** What a gateway serves: the spaces of the peer it belongs to, and a look at what is there. */
export interface GatewayHost {
  space(name: string): Promise<HostedSpace>
  readonly inspect: HostInspection
}

/** What can be seen of a peer without any schema. */
export interface HostInspection {
  spaces(): readonly SpaceSummary[]
  /** The objects of one of the peer's spaces. */
  objects(space: string): readonly ObjectSummary[]
  /** An object that is there; opens nothing. */
  find(space: string, name: string): ServedObject | undefined
  peers(): readonly PeerSummary[]
}
