import type { ObjectSummary, PeerSummary, SpaceSummary } from '@joinery/client/protocol'
import type { Spaces } from '@joinery/crdt-objects'

/** What a gateway serves: the spaces of the peer it belongs to, and a look at what is there. */
export interface GatewayHost extends Pick<Spaces<'local'>, 'space'> {
  readonly inspect: HostInspection
}

/** What can be seen of a peer without any schema. */
export interface HostInspection {
  spaces(): readonly SpaceSummary[]
  /** The objects of one of the peer's spaces. */
  objects(space: string): readonly ObjectSummary[]
  /** The local handle of an object that is there; opens nothing. */
  find(space: string, name: string): object | undefined
  peers(): readonly PeerSummary[]
}
