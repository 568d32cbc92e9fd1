import {
  type Change,
  type HandleBase,
  type RemoteBase,
  type WaitOptions,
  invalidValue,
} from '@joinery/crdt-objects'
import {
  type StrongAnswer,
  type StrongCall,
  type StrongTarget,
  strongChanges,
  untilPasses,
} from '@joinery/crdt-objects/engine'

/** What the handles of all strong kinds have. */
export interface KindBase<V> extends HandleBase<'strong', V>, RemoteBase {}

/** The part of a handle that all strong kinds share: an address, over whatever reaches the object. */
export class KindHandle<V> implements KindBase<V> {
  protected readonly target: StrongTarget
  protected readonly options: WaitOptions

  constructor(target: StrongTarget, options: WaitOptions) {
    this.target = target
    this.options = options
  }

  get name(): string {
    return this.target.name
  }

  async read(): Promise<V> {
    return (await this.query('read', [], this.options)).value as V
  }

  until(test: (value: V) => boolean, options: WaitOptions = {}): Promise<V> {
    // Checked there: what is no object has no options to merge.
    const merged = Object(options) === options ? { ...this.options, ...options } : options
    let position = 0
    const watched = (wait: WaitOptions) => ({
      read: async () => {
        const { value, index } = await this.query('read', [], wait)
        position = index
        return value as V
      },
      changes: ({ signal }: WaitOptions) => ({
        [Symbol.asyncIterator]: () => ({
          next: async () => ({ value: await this.target.changed(position, { signal }) }),
        }),
      }),
      with: watched,
    })
    return untilPasses(watched({}), test, merged)
  }

  changes(options: { readonly signal?: AbortSignal | undefined } = {}): AsyncIterable<Change> {
    const { signal } = checkWait('changes', options, ['signal'])
    const standing = async (wait: WaitOptions): Promise<number> =>
      (await this.query('read', [], wait)).index
    return strongChanges(this.target, standing, signal)
  }

  with(options: WaitOptions): this {
    return this.remade({ ...this.options, ...checkWait('with', options) })
  }

  /** The same handle with other options. */
  protected remade(options: WaitOptions): this {
    const Handle = this.constructor as new (target: StrongTarget, options: WaitOptions) => this
    return new Handle(this.target, options)
  }

  protected query(
    method: string,
    args: readonly unknown[],
    options: WaitOptions,
  ): Promise<StrongAnswer> {
    return this.target.call({ path: [], method, mode: 'read', args, options })
  }

  protected command(
    method: string,
    args: readonly unknown[],
    options: WaitOptions = this.options,
    undo?: StrongCall['undo'],
  ): Promise<StrongAnswer> {
    return this.target.call({ path: [], method, mode: 'command', args, options, undo })
  }

  /** The handle's options for a call, and those of the call. */
  protected waitOf(options: WaitOptions): WaitOptions {
    const { timeoutMs = this.options.timeoutMs, signal = this.options.signal } = options
    return { timeoutMs, signal }
  }
}

/** Refuses options of other names, which are typing errors, and what is no signal. */
export function checkWait<O extends object>(
  what: string,
  options: O,
  known: readonly string[] = ['timeoutMs', 'signal'],
): O {
  if (typeof options !== 'object' || options === null) {
    throw invalidValue(`${what} takes its options as an object: ${known.join(', ')}`, options)
  }
  for (const name of Object.keys(options)) {
    if (!known.includes(name))
      throw invalidValue(`${what} has the options ${known.join(', ')}`, name)
  }
  const { signal } = options as WaitOptions
  if (signal !== undefined && typeof signal.addEventListener !== 'function') {
    throw invalidValue('a signal is an AbortSignal', signal)
  }
  return options
}
