import {
  type ControlAnswer,
  type ControlCommand,
  type ControlReply,
  type ViewAnswer,
  type ViewRequest,
} from './control-contract.ts'

/** What is to be asked after a command, for its answer to be whole; undefined when the reply is all there is. */
export function questionAfter(
  command: ControlCommand,
  reply: ControlReply,
): ViewRequest | undefined {
  if (reply.kind === 'leased' && command.kind === 'lease') {
    return { kind: 'view', space: command.space, member: reply.member, epoch: reply.epoch }
  }
  // Only members' commands have an epoch.
  const isAnswered = reply.kind === 'taken' || reply.kind === 'refused'
  if (!isAnswered || !('epoch' in command)) return undefined
  const { space, member, epoch } = command
  return { kind: 'view', space, member, epoch }
}

/** The reply with the view that was asked for after it. */
export function answerWith(reply: ControlReply, viewed: ViewAnswer | undefined): ControlAnswer {
  switch (reply.kind) {
    case 'done':
    case 'replaced':
      return reply
    case 'refused':
      return viewed?.kind === 'view' ? { ...reply, view: viewed.view } : reply
    case 'leased': {
      if (viewed?.kind !== 'view') return viewed ?? unanswered
      const { kind, request, member } = reply
      return { kind, request, member, view: viewed.view }
    }
    case 'taken':
      return viewed ?? unanswered
  }
}

/** The space has ended between the two. */
const unanswered = { kind: 'refused', reason: 'unknown-space' } as const
