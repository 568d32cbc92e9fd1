import { type Change, invalidValue, type WaitOptions } from '@joinery/crdt-objects'
import { checkName, type RecordOf } from './remote-space.ts'
import { GatewayObject } from './remote-object.ts'
import type { ObjectSummary, PeerSummary, SpaceSummary } from './protocol/summary.ts'
import type { Session } from './session.ts'

/** An object taken as it is, whatever its schema. */
export interface InspectedObject {
  readonly name: string
  read(options?: WaitOptions): Promise<unknown>
  changes(options?: { readonly signal?: AbortSignal | undefined }): AsyncIterable<Change>
}

/** Looks at what is there without knowing schemas. It opens and creates nothing. */
export class Inspection {
  private readonly session: Session
  private readonly recordOf: RecordOf

  constructor(session: Session, recordOf: RecordOf) {
    this.session = session
    this.recordOf = recordOf
  }

  /** The spaces at the gateway's peer. */
  async spaces(options: WaitOptions = {}): Promise<readonly SpaceSummary[]> {
    const request = { kind: 'inspect', subject: 'spaces', space: '' } as const
    return (await this.session.request(request, options)) as readonly SpaceSummary[]
  }

  /**
   * The objects of one space.
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

  /**
   * An object by its name alone.
   *
   * @throws JoineryError OBJECT_NOT_FOUND
   */
  async find(space: string, name: string, options: WaitOptions = {}): Promise<InspectedObject> {
    checkName('space', space)
    checkName('object', name)
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
