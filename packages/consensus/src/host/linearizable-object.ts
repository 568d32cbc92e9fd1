import { JoineryError, type Kind, invalidValue, isJoineryError } from '@joinery/crdt-objects'
import {
  LEAF_ENGINES,
  type MethodMode,
  SpaceState,
  conditionalVerb,
  invoke,
  isKindName,
  loadEngines,
  parseDescriptor,
  unknownTypeIn,
  verbMode,
} from '@joinery/crdt-objects/engine'
import type { HostEnvironment, HostedObject, HostedType } from './hosted-object.ts'

/** All voters are one and the same replica: they make the same updates under the same numbers. */
const REPLICA = 1n
/** The object is alone in its space: nobody asks for its name. */
const NAME = ''

/**
 * An object of a CRDT schema in strong mode: the state of one replica that nobody else merges with. Updates are sealed
 * one by one, so that what floating point sums and engines come to never hangs on when a snapshot was taken.
 */
class LinearizableObject implements HostedObject {
  private readonly state: SpaceState
  private readonly handle: object
  /** Of the methods of the object itself, as they are asked for: a kind has few, and each call asks several times. */
  private readonly modes = new Map<string, MethodMode>()

  constructor(kind: Kind, environment: HostEnvironment, restored?: Uint8Array) {
    this.state = new SpaceState({ replica: REPLICA, clock: () => environment.nowMs })
    if (restored !== undefined) this.state.restore(restored)
    this.handle = this.state.open(NAME, kind).handle(kind)
  }

  modeOf(path: readonly string[], method: string): MethodMode | undefined {
    if (path.length > 0) return this.findMode(path, method)
    const known = this.modes.get(method)
    if (known !== undefined) return known
    const mode = this.findMode(path, method)
    // Of what there is none, others may make up any number.
    if (mode !== undefined) this.modes.set(method, mode)
    return mode
  }

  private findMode(path: readonly string[], method: string): MethodMode | undefined {
    try {
      if (conditionalVerb(this.handle, path, method) !== undefined) return 'command'
      return verbMode(this.handle, path, method) === 'write' ? 'command' : 'read'
    } catch (error) {
      if (isJoineryError(error)) return undefined
      throw error
    }
  }

  call(path: readonly string[], method: string, args: readonly unknown[]): unknown {
    const conditional = conditionalVerb(this.handle, path, method)
    if (conditional !== undefined) return this.callConditional(() => conditional(args))
    if (verbMode(this.handle, path, method) !== 'write') return this.read(path, method, args)
    // A verb that throws has changed nothing: there is nothing to seal then.
    invoke(this.handle, path, method, args)
    this.state.seal()
    return undefined
  }

  /** What it writes before it throws is taken back, as of a transaction. */
  private callConditional(work: () => unknown): unknown {
    let answer: unknown
    this.state.transact(() => {
      answer = work()
    })
    this.state.seal()
    return answer
  }

  read(path: readonly string[], method: string, args: readonly unknown[]): unknown {
    const mode = verbMode(this.handle, path, method)
    if (mode === 'write') throw invalidValue('a read changes nothing', method)
    if (mode === 'read') return invoke(this.handle, path, method, args)
    // Who follows the changes begins with the position that this answer has.
    if (method === 'changes') return undefined
    return [...(invoke(this.handle, path, method, args) as Iterable<unknown>)]
  }

  encodeState(): Uint8Array {
    return this.state.encodeState({ canonical: true })
  }
}

/** The objects of CRDT schemas: every kind, but for types of users' own that this process has not defined. */
export class LinearizableType implements HostedType {
  serves(name: string): boolean {
    return isKindName(name)
  }

  // eslint-disable-next-line no-restricted-syntax -- waited for before the first entry, by whoever drives
  prepare(): Promise<void> {
    return loadEngines({ engines: LEAF_ENGINES })
  }

  /** @throws JoineryError VALUE_INVALID, OBJECT_TYPE_UNKNOWN */
  create(descriptor: string, environment: HostEnvironment): HostedObject {
    return new LinearizableObject(kindOf(descriptor), environment)
  }

  /** @throws JoineryError ENCODING_INVALID, VALUE_INVALID, OBJECT_TYPE_UNKNOWN */
  restore(descriptor: string, state: Uint8Array, environment: HostEnvironment): HostedObject {
    return new LinearizableObject(kindOf(descriptor), environment, state)
  }
}

function kindOf(descriptor: string): Kind {
  const kind = parse(descriptor)
  // Some voters could carry its calls out, and others not: none begins with it.
  const type = unknownTypeIn(kind)
  if (type !== undefined) {
    throw new JoineryError(
      'OBJECT_TYPE_UNKNOWN',
      `the type ${JSON.stringify(type)} is not defined at the voter: import the module that defines it there`,
      { type },
    )
  }
  if (kind.engines.some(({ loaded }) => !loaded)) throw new Error('prepare() was not awaited')
  return kind
}

function parse(descriptor: string): Kind {
  try {
    return parseDescriptor(descriptor)
  } catch (error) {
    if (isJoineryError(error, 'ENCODING_INVALID')) throw invalidValue(error.message)
    throw error
  }
}
