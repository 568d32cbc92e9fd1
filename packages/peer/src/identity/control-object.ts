/*
 * The control state as an object of a group: what it takes goes through the group's log, so every voter has it.
 *
 * A lease is a session of the group. When that ends, closed by its owner or expired with its last renewal, the group
 * tells its objects at the same place of the log, and what was leased under it begins to be sealed there and then. So
 * there is no leader that has to notice, and none that could forget. It follows that who leases must be who calls: a
 * lease under another's session would outlive its holder, or never end.
 */
import { invalidValue } from '@joinery/crdt-objects'
import type { MethodMode } from '@joinery/crdt-objects/engine'
import type { HostEnvironment, HostedObject, HostedType, SessionId } from '@joinery/consensus/host'
import { encodeViewAnswer } from './control-answer-codec.ts'
import { encodeControlReply } from './control-reply-codec.ts'
import { decodeControlCommand, decodeViewRequest } from './control-wire-codec.ts'
import { decodeControlState, encodeControlState } from './core/control-codec.ts'
import {
  type ControlCommand,
  type ControlLimits,
  type ControlReply,
  defaultControlLimits,
} from './core/control-contract.ts'
import { ControlState } from './core/control-state.ts'
import { decodeDutyRequest, encodeKeeperDuty } from './keeper-duty-codec.ts'
import { dutyOf } from './keeper-plan.ts'

/** Where it is: no name of a space has a "/", so no user can open, end or list it. */
export const controlPlace = { group: 0, space: '/control', name: 'identity' } as const

const TYPE = 'joinery:control'
const VERSION = 1
const limitNames = Object.keys(defaultControlLimits).sort() as (keyof ControlLimits)[]

/** How the object is opened. Its limits are agreed on with it: every voter has the same, of whatever version it is. */
export function controlDescriptor(limits: Partial<ControlLimits> = {}): string {
  const all = { ...defaultControlLimits, ...limits }
  return JSON.stringify([TYPE, VERSION, ...limitNames.map((name) => all[name])])
}

/** Whether objects of that descriptor are control states, of whatever version. */
export function isControlDescriptor(descriptor: string): boolean {
  return partsOf(descriptor)[0] === TYPE
}

/**
 * Hosts the control state. Methods: the command `command(bytes)`, and the reads `view(bytes)` and `duty(bytes)`, which ask
 * for how one space stands, and for the spaces that want keepers. All answer with bytes. The group keeps what a command answers until its caller has it: so that is short, and a view is asked for by a read.
 */
export const controlType: HostedType = {
  serves: (name) => name === TYPE,
  create: (descriptor, environment) =>
    new ControlObject(new ControlState(limitsOf(descriptor)), environment),
  restore: (descriptor, state, environment) =>
    new ControlObject(decodeControlState(state, limitsOf(descriptor)), environment),
}

/** The control state that a member of the group hosts, to be looked at; undefined for any other object. */
export function controlStateOf(object: HostedObject): ControlState | undefined {
  return object instanceof ControlObject ? object.state : undefined
}

class ControlObject implements HostedObject {
  readonly #state: ControlState
  readonly #environment: HostEnvironment

  constructor(state: ControlState, environment: HostEnvironment) {
    this.#state = state
    this.#environment = environment
  }

  get state(): ControlState {
    return this.#state
  }

  modeOf(path: readonly string[], method: string): MethodMode | undefined {
    if (path.length > 0) return undefined
    if (method === 'command') return 'command'
    return method === 'view' || method === 'duty' ? 'read' : undefined
  }

  /** @throws JoineryError VALUE_INVALID, ENCODING_INVALID */
  call(_path: readonly string[], _method: string, args: readonly unknown[]): Uint8Array {
    const command = decodeControlCommand(bytesOf(args))
    return encodeControlReply(this.#apply(command))
  }

  #apply(command: ControlCommand): ControlReply {
    const { caller, nowMs } = this.#environment
    const isUnderSession = command.kind === 'lease' || command.kind === 'reinstate'
    // What was asked under a session that is lost may be sent again under the next: it is to be asked anew.
    if (isUnderSession && command.session !== caller) {
      return { kind: 'refused', reason: 'session-ended' }
    }
    return this.#state.apply(command, nowMs)
  }

  /** @throws JoineryError VALUE_INVALID, ENCODING_INVALID */
  read(_path: readonly string[], method: string, args: readonly unknown[]): Uint8Array {
    if (method === 'duty')
      return encodeKeeperDuty(dutyOf(this.#state, decodeDutyRequest(bytesOf(args))))
    return encodeViewAnswer(this.#state.view(decodeViewRequest(bytesOf(args))))
  }

  sessionEnded(session: SessionId): void {
    this.#state.apply({ kind: 'end-session', session }, this.#environment.nowMs)
  }

  encodeState(): Uint8Array {
    return encodeControlState(this.#state)
  }
}

function bytesOf(args: readonly unknown[]): Uint8Array {
  const [bytes] = args
  if (args.length !== 1 || !(bytes instanceof Uint8Array)) {
    throw invalidValue('the control state is called with one argument, of bytes')
  }
  return bytes
}

/** @throws JoineryError VALUE_INVALID */
function limitsOf(descriptor: string): Partial<ControlLimits> {
  const [, version, ...values] = partsOf(descriptor)
  const isSound =
    version === VERSION &&
    values.length === limitNames.length &&
    values.every((value) => Number.isSafeInteger(value) && Number(value) >= 0)
  if (!isSound)
    throw invalidValue('the control state of this version is not so described', descriptor)
  return Object.fromEntries(limitNames.map((name, at) => [name, values[at]]))
}

function partsOf(descriptor: string): readonly unknown[] {
  try {
    const parts: unknown = JSON.parse(descriptor)
    return Array.isArray(parts) ? parts : []
  } catch {
    return []
  }
}
