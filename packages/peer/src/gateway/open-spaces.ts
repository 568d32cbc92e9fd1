import { gatewayBusy } from '@joinery/client/protocol'
import { JoineryError } from '@joinery/crdt-objects'
import { parseDescriptor } from '@joinery/crdt-objects/engine'
import { checkSpaceName } from '../spaces/names.ts'
import { checkWanted, isForAnother, type Wanted } from '../spaces/wanted.ts'
import type { GatewayHost, HostedSpace } from './host.ts'
import type { OpenedObject } from './targets.ts'

const objectsMax = 65_536

/**
 * The spaces and objects that clients have opened. They stay open as long as the gateway does: the functions behind it
 * come and go, and this peer's replica is where their data waits for the next.
 */
export class OpenSpaces {
  private readonly host: GatewayHost
  private readonly spacesMax: number
  private readonly onEnded: (space: string, reason: unknown) => void
  /** How many clients are in each space. Invariant: none is 0. */
  private readonly visitorsBySpace = new Map<HostedSpace, number>()
  private readonly spaceByName = new Map<string, Promise<HostedSpace>>()
  private readonly objectByKey = new Map<string, OpenedObject>()

  /** `onEnded` is told of each space that ends, once it is forgotten here. */
  constructor(
    host: GatewayHost,
    spacesMax: number,
    onEnded: (space: string, reason: unknown) => void,
  ) {
    this.host = host
    this.spacesMax = spacesMax
    this.onEnded = onEnded
  }

  /** @throws JoineryError VALUE_INVALID, GATEWAY_BUSY, SPACE_LIFETIME_DIFFERS, SPACE_ENDED, GROUP_BUSY */
  async space(name: string, wanted: Wanted = {}): Promise<HostedSpace> {
    const opening = this.spaceByName.get(name)
    if (opening === undefined) return await this.openSpace(name, wanted)
    try {
      const space = await opening
      checkWanted(space, wanted)
      return space
    } catch (error) {
      // It may have failed of what another client wanted.
      if (this.spaceByName.has(name) || !isForAnother(error)) throw error
      return await this.space(name, wanted)
    }
  }

  /** A client is in `space`, until it calls what this gives: once. */
  enter(space: HostedSpace): () => void {
    const visitors = this.visitorsBySpace.get(space) ?? 0
    this.visitorsBySpace.set(space, visitors + 1)
    if (visitors === 0) space.idle(false)
    return () => {
      const left = (this.visitorsBySpace.get(space) ?? 0) - 1
      if (left > 0) this.visitorsBySpace.set(space, left)
      else if (this.visitorsBySpace.delete(space)) space.idle(true)
    }
  }

  private async openSpace(name: string, wanted: Wanted): Promise<HostedSpace> {
    checkSpaceName(name)
    if (this.spaceByName.size >= this.spacesMax)
      throw gatewayBusy(`The gateway has ${this.spacesMax} spaces open.`, 1000)
    const opening = this.host.space(name, wanted)
    this.spaceByName.set(name, opening)
    try {
      const space = await opening
      // It is open as long as the gateway is, and nobody's until a client enters it.
      space.idle(true)
      space.ended.throwIfAborted()
      space.ended.addEventListener('abort', () => this.forget(space), { once: true })
      return space
    } catch (error) {
      this.spaceByName.delete(name)
      throw error
    }
  }

  private forget(space: HostedSpace): void {
    this.visitorsBySpace.delete(space)
    this.spaceByName.delete(space.name)
    for (const [key, object] of this.objectByKey)
      if (object.space === space) this.objectByKey.delete(key)
    this.onEnded(space.name, space.ended.reason)
  }

  /** An object: at once when somebody has opened it before. */
  object(space: string, name: string, descriptor: string): OpenedObject | Promise<OpenedObject> {
    if (descriptor === '') return this.existing(space, name)
    return (
      this.objectByKey.get(keyOf(space, name, descriptor)) ?? this.open(space, name, descriptor)
    )
  }

  private existing(space: string, name: string): OpenedObject {
    const served = this.host.inspect.find(space, name)
    if (served !== undefined) return { spaceName: space, served }
    const message = `There is no object "${name}" in the space "${space}" at this gateway.`
    throw new JoineryError('OBJECT_NOT_FOUND', message, { space, name })
  }

  private async open(spaceName: string, name: string, descriptor: string): Promise<OpenedObject> {
    const kind = parseDescriptor(descriptor)
    const space = await this.space(spaceName)
    const object = { spaceName, space, served: await space.serve(name, kind) }
    if (this.objectByKey.size >= objectsMax) {
      const [oldest] = this.objectByKey.keys()
      if (oldest !== undefined) this.objectByKey.delete(oldest)
    }
    this.objectByKey.set(keyOf(spaceName, name, descriptor), object)
    return object
  }
}

function keyOf(space: string, name: string, descriptor: string): string {
  // No descriptor holds a line break: it is JSON in its shortest form. Lengths separate the rest.
  return `${descriptor}\n${space.length}\n${space}${name}`
}
