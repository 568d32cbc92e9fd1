import type { Kind, KindView } from '../kind.ts'
import type { KindIdentity } from '../kind-identity.ts'
import type { WaitOptions } from '../wait-options.ts'
import type { RemoteCall, RemoteObject } from './remote-place.ts'
import { strongChanges } from './strong-changes.ts'
import type { StrongAnswer, StrongTarget } from './strong-target.ts'
import type { Watchable } from './wait.ts'

/** An object of a CRDT schema in strong mode, as remote handles need it. */
export class OrderedObject implements RemoteObject {
  readonly ordered = true
  private readonly target: StrongTarget

  constructor(target: StrongTarget) {
    this.target = target
  }

  get name(): string {
    return this.target.name
  }

  get home(): object | undefined {
    return this.target.home
  }

  private ask({ path, verb, mode, args, options }: RemoteCall): Promise<StrongAnswer> {
    const method = { method: verb, mode: mode === 'write' ? 'command' : 'read' } as const
    return this.target.call({ path, ...method, args, options })
  }

  async call(call: RemoteCall): Promise<unknown> {
    return (await this.ask(call)).value
  }

  /** A sequence is what one read gives; changes are told as long as somebody asks for the next. */
  stream(call: RemoteCall): AsyncIterable<unknown> {
    if (call.verb !== 'changes') return this.items(call)
    // Nothing is read: the answer says where the object stands.
    const standing = async (options: WaitOptions): Promise<number> =>
      (await this.ask({ ...call, options })).index
    return strongChanges(this.target, standing, call.options.signal)
  }

  private async *items(call: RemoteCall): AsyncGenerator {
    yield* (await this.ask(call)).value as Iterable<unknown>
  }

  /** What `until` looks at: each read says after which position the next change is news. */
  watchable<V>(path: readonly string[], view: KindView | undefined): Watchable<V> {
    const { target } = this
    let position = 0
    const changes = ({ signal }: WaitOptions): AsyncIterable<unknown> => ({
      [Symbol.asyncIterator]: () => ({
        next: async () => ({ value: await target.changed(position, { signal }) }),
      }),
    })
    const source = (options: WaitOptions): Watchable<V> => ({
      read: async () => {
        const { value, index } = await this.ask({
          path,
          verb: 'read',
          mode: 'read',
          args: [],
          options,
        })
        position = index
        return (view === undefined ? value : view.value(value)) as V
      },
      changes,
      with: source,
    })
    return source({})
  }

  async open(name: string, identity: KindIdentity, options: WaitOptions): Promise<object> {
    const target = await this.target.open(name, identity.descriptor, options)
    // Who passed it on knew no more of it; it came from a schema.
    const kind = identity as Kind
    return kind.remote({ object: new OrderedObject(target), path: [], options: {} })
  }
}
