import { AsyncLocalStorage } from 'node:async_hooks'
import type { OrderedLog } from '@joinery/consensus'
import { GatewayLog } from '#client/strong/gateway-log.ts'
import { decodeBatch } from '#consensus/host/command-codec.ts'
import type { CallCommand } from '#consensus/host/command.ts'
import { GroupState } from '#consensus/host/group-state.ts'
import type { Outcome } from '#consensus/host/outcome.ts'
import { Member } from '#peer/groups/member.ts'
import { RoutedLog } from '#peer/groups/routed-log.ts'
import { type Line, nowUs, type Recorder } from './records.ts'

/** An operation while it goes on. */
export interface OpenOperation {
  readonly op: number
  readonly client: number
  readonly object: string
  isSent: boolean
  index: number | undefined
}

let operations = 0

/** Writes down that an operation begins. */
export function beginOperation(
  recorder: Recorder,
  what: { readonly client: number; readonly object: string; readonly operation: string },
  given: readonly unknown[],
): OpenOperation {
  const op = operations++
  recorder.write({ kind: 'begin', op, ...what, arguments: given, invokedAt: nowUs() })
  const { client, object } = what
  return { op, client, object, isSent: false, index: undefined }
}

/** Whose calls are made now: users do not see the numbers and places that the witness needs. */
export const performing = new AsyncLocalStorage<OpenOperation>()

/** From now on this process records what it sends to groups, and what its voters do. */
export function observe(recorder: Recorder): void {
  observeLog(RoutedLog.prototype, recorder)
  observeLog(GatewayLog.prototype, recorder)
  observeState(recorder)
  observeLeaders(recorder)
}

function observeLog(
  log: Pick<OrderedLog, 'submit' | 'withdraw' | 'read'>,
  recorder: Recorder,
): void {
  const { submit, withdraw, read } = log
  // Answers come in whatever context a retry was begun in: they are told apart by their numbers.
  const operationByCall = new Map<string, OpenOperation>()
  const answered = (session: string, sequence: number, outcome: Outcome): void => {
    const operation = operationByCall.get(`${session} ${sequence}`)
    if (operation !== undefined) place(operation, outcome)
  }
  log.submit = async function (group, call, options) {
    const { session, sequence } = call
    const operation = performing.getStore()
    if (operation !== undefined && noteSent(recorder, operation, call))
      operationByCall.set(`${session} ${sequence}`, operation)
    const outcome = await submit.call(this, group, call, options)
    answered(session, sequence, outcome)
    return outcome
  }
  log.withdraw = async function (group, session, sequence, options) {
    const outcome = await withdraw.call(this, group, session, sequence, options)
    answered(session, sequence, outcome)
    return outcome
  }
  log.read = async function (...args) {
    const operation = performing.getStore()
    const outcome = await read.apply(this, args)
    if (operation?.isSent === false) place(operation, outcome)
    return outcome
  }
}

function place(operation: OpenOperation, outcome: Outcome): void {
  if (outcome.kind === 'done') operation.index = outcome.position
}

/** Gives whether the call is what the operation is sent as. */
function noteSent(
  recorder: Recorder,
  operation: OpenOperation,
  { session, sequence, method, args }: CallCommand,
): boolean {
  if (method === 'untake') {
    // An item was taken for somebody who had given up: it is put back, at most once however often that is sent.
    const { client, object } = operation
    const { op } = beginOperation(recorder, { client, object, operation: 'untake' }, [args[1]])
    recorder.write({ kind: 'sent', op, session, sequence })
    return false
  }
  if (operation.isSent) return false
  operation.isSent = true
  recorder.write({ kind: 'sent', op: operation.op, session, sequence })
  return true
}

function observeState(recorder: Recorder): void {
  const { apply } = GroupState.prototype
  GroupState.prototype.apply = function (data) {
    const applied = apply.call(this, data)
    const lines: Line[] = []
    const note = (session: string, sequence: number, outcome: Outcome): void => {
      if (outcome.kind !== 'done') return
      lines.push({ kind: 'applied', session, sequence, position: outcome.position })
    }
    for (const [i, command] of decodeBatch(data).commands.entries()) {
      const outcome = applied.outcomes[i]
      if (command.kind !== 'call' || outcome === undefined || outcome.kind === 'parked') continue
      note(command.session, command.sequence, outcome)
    }
    for (const { session, sequence, outcome } of applied.released) note(session, sequence, outcome)
    recorder.write(...lines)
    return applied
  }
}

function observeLeaders(recorder: Recorder): void {
  const make = Member.make
  Member.make = async (name, settings, ports) => {
    const made: { member?: Member } = {}
    let term = 0
    const note = (): void => {
      const { member } = made
      if (member?.isLeader !== true || member.term === term) return
      term = member.term
      recorder.write({ kind: 'leads', term, at: nowUs() })
    }
    made.member = await make.call(Member, name, settings, {
      ...ports,
      onLeaderChanged: () => {
        note()
        ports.onLeaderChanged()
      },
    })
    note()
    return made.member
  }
}
