import { gatewayBusy } from '@joinery/client/protocol'
import { JoineryError, type Schema, type Space } from '@joinery/crdt-objects'
import { parseDescriptor } from '@joinery/crdt-objects/engine'
import { checkSpaceName } from '../spaces/names.ts'
import type { GatewayHost } from './host.ts'

const objectsMax = 65_536

/**
 * The spaces and objects that clients have opened. They stay open as long as the gateway does: the functions behind it
 * come and go, and this peer's replica is where their data waits for the next.
 */
export class OpenSpaces {
  private readonly host: GatewayHost
  private readonly spacesMax: number
  private readonly spaceByName = new Map<string, Promise<Space<'local'>>>()
  private readonly handleByKey = new Map<string, object>()

  constructor(host: GatewayHost, spacesMax: number) {
    this.host = host
    this.spacesMax = spacesMax
  }

  async space(name: string): Promise<Space<'local'>> {
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

  /** A handle: at once when somebody has opened it before. */
  object(space: string, name: string, descriptor: string): object | Promise<object> {
    if (descriptor === '') return this.existing(space, name)
    return (
      this.handleByKey.get(keyOf(space, name, descriptor)) ?? this.open(space, name, descriptor)
    )
  }

  private existing(space: string, name: string): object {
    const handle = this.host.inspect.find(space, name)
    if (handle !== undefined) return handle
    const message = `There is no object "${name}" in the space "${space}" at this gateway.`
    throw new JoineryError('OBJECT_NOT_FOUND', message, { space, name })
  }

  private async open(spaceName: string, name: string, descriptor: string): Promise<object> {
    const kind = parseDescriptor(descriptor)
    const space = await this.space(spaceName)
    const handle = (await space.open(name, { kind } as Schema)) as object
    if (this.handleByKey.size >= objectsMax) {
      const [oldest] = this.handleByKey.keys()
      if (oldest !== undefined) this.handleByKey.delete(oldest)
    }
    this.handleByKey.set(keyOf(spaceName, name, descriptor), handle)
    return handle
  }
}

function keyOf(space: string, name: string, descriptor: string): string {
  // No descriptor holds a line break: it is JSON in its shortest form. Lengths separate the rest.
  return `${descriptor}\n${space.length}\n${space}${name}`
}
