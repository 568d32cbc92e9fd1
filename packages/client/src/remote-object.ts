import { type JoineryError, type WaitOptions } from '@joinery/crdt-objects'
import type { Kind, RemoteCall, RemoteObject } from '@joinery/crdt-objects/engine'
import { checkPath, encodeArguments } from './arguments.ts'
import type { ObjectRecord, Target } from './object-record.ts'
import type { RemoteStream } from './remote-stream.ts'
import type { Session } from './session.ts'

/** What an object needs of the space it is in. */
export interface Home {
  readonly name: string
  /** Aborted, with the failure of later calls, when the space is closed. */
  readonly signal: AbortSignal
  /** A write goes out. */
  wrote(): void
  /** Opens another object of the space, for a reference to it: its remote handle. */
  openKind(name: string, kind: Kind, options: WaitOptions): Promise<object>
}

/** An object at the gateway: its handles call it, and it calls the session. */
export class GatewayObject implements RemoteObject {
  readonly name: string
  readonly record: ObjectRecord
  private readonly session: Session
  readonly home: Home

  constructor(record: ObjectRecord, session: Session, home: Home) {
    this.name = record.name
    this.record = record
    this.session = session
    this.home = home
  }

  call({ path, verb, mode, args, options }: RemoteCall): Promise<unknown> {
    try {
      const target = this.target(path, verb)
      const encoded = encodeArguments(args)
      if (mode !== 'write')
        return this.session.request({ kind: 'read', target, args: encoded }, options)
      this.home.wrote()
      return this.session.write(target, encoded, options)
    } catch (error) {
      return Promise.reject(error instanceof Error ? error : new Error(String(error)))
    }
  }

  open(name: string, kind: Kind, options: WaitOptions): Promise<object> {
    return this.home.openKind(name, kind, options)
  }

  stream({ path, verb, args, options }: RemoteCall): AsyncIterable<unknown> {
    const begin = (): RemoteStream => {
      const target = this.target(path, verb)
      const stream = this.session.stream(target, encodeArguments(args), options)
      const { signal } = this.home
      signal.addEventListener('abort', () => stream.finish({ reason: signal.reason }), {
        once: true,
        signal: stream.over,
      })
      return stream
    }
    return { [Symbol.asyncIterator]: begin }
  }

  private target(path: readonly string[], verb: string): Target {
    if (this.home.signal.aborted) throw this.home.signal.reason as JoineryError
    if (path.length > 0) checkPath(path)
    return this.session.target(this.record, path, verb)
  }
}
