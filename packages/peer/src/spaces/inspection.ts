import type { PeerSummary } from '@joinery/client/protocol'
import { lifetimeText } from '@joinery/crdt-objects/engine'
import { type HostInspection } from '../gateway/host.ts'
import { type Membership } from '../membership/membership.ts'
import { type Member } from '../membership/wire.ts'
import { type SpaceRegistry } from './space-registry.ts'

/** What an inspection looks at. */
export interface Inspected {
  self(): Member
  readonly registry: SpaceRegistry
  readonly membership: Membership
  knownMembers(): readonly Member[]
}

/** A look at a peer that needs no schema, and opens nothing. */
export function inspectPeer(inspected: Inspected): HostInspection {
  const { registry } = inspected
  return {
    spaces: () =>
      registry.drivers.map((driver) => ({
        name: driver.name,
        objects: [...(driver.visible?.objects() ?? [])].length,
        vectorSize: driver.vectorSize,
        lifetime: lifetimeText(driver.known?.lifetime),
      })),
    objects: (space) =>
      [...(registry.find(space)?.visible?.objects() ?? [])].map(
        ({ name, descriptor, fingerprint }) => ({ name, descriptor, fingerprint }),
      ),
    find: (space, name) => {
      const object = registry.find(space)?.visible?.find(name)
      return object && (() => object.guardedHandle())
    },
    peers: () => listPeers(inspected),
  }
}

function listPeers(inspected: Inspected): PeerSummary[] {
  const { membership } = inspected
  const connected = new Map(membership.neighbours.map((member) => [member.id, member]))
  const lost = inspected.knownMembers().filter(({ id }) => !connected.has(id))
  return [
    { ...inspected.self(), connected: true, self: true },
    ...[...connected.values()].map((member) => ({ ...member, connected: true, self: false })),
    ...lost.map((member) => ({ ...member, connected: false, self: false })),
  ]
}
