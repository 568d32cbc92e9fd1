import { gatewayBusy } from '@joinery/client/protocol'
import { JoineryError } from '@joinery/crdt-objects'
import { parseDescriptor } from '@joinery/crdt-objects/engine'
import { checkSpaceName } from '../spaces/names.ts'
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
  private readonly spaceByName = new Map<string, Promise<HostedSpace>>()
  private readonly objectByKey = new Map<string, OpenedObject>()

  constructor(host: GatewayHost, spacesMax: number) {
    this.host = host
    this.spacesMax = spacesMax
  }

  async space(name: string): Promise<HostedSpace> {
    let space = this.spaceByName.get(name)
    if (space === undefined) {
      checkSpaceName(name)
      if (this.spaceByName.size >= this.spacesMax)
        throw gatewayBusy(`The gateway has ${this.spacesMax} spaces open.`, 1000)
      space = this.host.space(name)
      this.spaceByName.set(name, space)
      space.catch(() => this.spaceByName.delete(name))
    }
    return await space
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
    if (served !== undefined) return { served }
    const message = `There is no object "${name}" in the space "${space}" at this gateway.`
    throw new JoineryError('OBJECT_NOT_FOUND', message, { space, name })
  }

  private async open(spaceName: string, name: string, descriptor: string): Promise<OpenedObject> {
    const kind = parseDescriptor(descriptor)
    const space = await this.space(spaceName)
    const object = { space, served: await space.serve(name, kind) }
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
