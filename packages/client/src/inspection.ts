import { type Change, invalidValue, isJoineryError, type WaitOptions } from '@joinery/crdt-objects'
import type { InspectedObject } from './inspected-object.ts'
import { checkName, type RecordOf } from './remote-space.ts'
import { GatewayObject } from './remote-object.ts'
import type {
  GroupSummary,
  KeepersSummary,
  ObjectSummary,
  PeerSummary,
  SpaceSummary,
} from './protocol/summary.ts'
import type { Session } from './session.ts'
import type { GatewayLog } from './strong/gateway-log.ts'
import { inspectStrong } from './strong/inspected-strong.ts'

/** What an inspection asks. */
export interface InspectionParts {
  readonly session: Session
  readonly recordOf: RecordOf
  readonly log: GatewayLog
}

/** Looks at what is there without knowing schemas. It opens and creates nothing. */
export class Inspection {
  private readonly session: Session
  private readonly recordOf: RecordOf
  private readonly log: GatewayLog

  constructor({ session, recordOf, log }: InspectionParts) {
    this.session = session
    this.recordOf = recordOf
    this.log = log
  }

  /** The spaces at the gateway's peer. */
  async spaces(options: WaitOptions = {}): Promise<readonly SpaceSummary[]> {
    const request = { kind: 'inspect', subject: 'spaces', space: '' } as const
    return (await this.session.request(request, options)) as readonly SpaceSummary[]
  }

  /**
   * The eventual objects of one space.
   *
   * @throws JoineryError OBJECT_NOT_FOUND when the gateway's peer has no such space.
   */
  async objects(space: string, options: WaitOptions = {}): Promise<readonly ObjectSummary[]> {
    checkName('space', space)
    const request = { kind: 'inspect', subject: 'objects', space } as const
    return (await this.session.request(request, options)) as readonly ObjectSummary[]
  }

  /** The peers that the gateway's peer knows, itself included. */
  async peers(options: WaitOptions = {}): Promise<readonly PeerSummary[]> {
    const request = { kind: 'inspect', subject: 'peers', space: '' } as const
    return (await this.session.request(request, options)) as readonly PeerSummary[]
  }

  /** The objects of one space in strong mode, as the leaders of their groups know them. */
  async strongObjects(space: string, options: WaitOptions = {}): Promise<readonly ObjectSummary[]> {
    checkName('space', space)
    const request = { kind: 'inspect', subject: 'strong-objects', space } as const
    return (await this.session.request(request, options)) as readonly ObjectSummary[]
  }

  /** The groups of voters behind the gateway. */
  async groups(options: WaitOptions = {}): Promise<readonly GroupSummary[]> {
    const request = { kind: 'inspect', subject: 'groups', space: '' } as const
    return (await this.session.request(request, options)) as readonly GroupSummary[]
  }

  /**
   * Has a member of a group replaced by another peer that may be a voter, whether it is there or not.
   *
   * @throws JoineryError GROUP_UNAVAILABLE, VALUE_INVALID
   */
  async replaceVoter(group: number, node: number, options: WaitOptions = {}): Promise<void> {
    await this.log.replaceVoter(group, node, options)
  }

  /**
   * Who keeps a space, and what may be lost with those that are gone.
   *
   * @throws JoineryError GROUP_UNAVAILABLE, VALUE_INVALID
   */
  async keepers(space: string, options: WaitOptions = {}): Promise<KeepersSummary> {
    checkName('space', space)
    return await this.log.keepers(space, false, options)
  }

  /**
   * An operator's word that the keepers that are gone do not come back: others are, at once, and what only those held is
   * lost. It is needed where too many are gone for anything to be acknowledged, and only there.
   *
   * @throws JoineryError GROUP_UNAVAILABLE, VALUE_INVALID
   */
  async replaceKeepers(space: string, options: WaitOptions = {}): Promise<KeepersSummary> {
    checkName('space', space)
    return await this.log.keepers(space, true, options)
  }

  /**
   * An object by its name alone: the eventual one, or else that in strong mode.
   *
   * @throws JoineryError OBJECT_NOT_FOUND
   */
  async find(space: string, name: string, options: WaitOptions = {}): Promise<InspectedObject> {
    checkName('space', space)
    checkName('object', name)
    try {
      return await this.findEventual(space, name, options)
    } catch (error) {
      if (!isJoineryError(error, 'OBJECT_NOT_FOUND')) throw error
      const objects = await this.strongObjects(space, options)
      const found = objects.find((object) => object.name === name)
      if (found === undefined) throw error
      return await inspectStrong(this.log, space, found, options)
    }
  }

  private async findEventual(
    space: string,
    name: string,
    options: WaitOptions,
  ): Promise<InspectedObject> {
    const record = this.recordOf(space, name, '')
    await this.session.request({ kind: 'open-object', object: record }, options)
    const home = {
      ...{ name: space, signal: new AbortController().signal, wrote: () => {} },
      openKind: () => Promise.reject(invalidValue('an inspection opens nothing', name)),
    }
    const object = new GatewayObject(record, this.session, home)
    const place = { path: [], args: [] }
    return {
      name,
      read: (options = {}) => object.call({ ...place, verb: 'read', mode: 'read', options }),
      changes: (options = {}) =>
        object.stream({
          ...{ ...place, verb: 'changes', mode: 'stream', options },
        }) as AsyncIterable<Change>,
    }
  }
}
