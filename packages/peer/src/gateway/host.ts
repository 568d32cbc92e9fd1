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

/** One space of a peer. */
export interface SpaceSummary {
  readonly name: string
  readonly objects: number
  readonly vectorSize: number
}

/** One object of a space. */
export interface ObjectSummary {
  readonly name: string
  readonly descriptor: string
  readonly fingerprint: string
}

/** One peer that this one knows. */
export interface PeerSummary {
  readonly id: string
  readonly addresses: readonly string[]
  readonly connected: boolean
  readonly self: boolean
}
