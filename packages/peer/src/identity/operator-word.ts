import type { KeepersSummary } from '@joinery/client/protocol'
import { invalidValue } from '@joinery/crdt-objects'
import { type ControlPort } from './control-client.ts'
import { type SpaceView } from './core/control-contract.ts'
import { nameOf } from './core/incarnation.ts'

const askMaxMs = 5000
/** Nobody's id: whoever asks is no member. */
const nobody = 0n

/**
 * Tells who keeps a space. With `isWordGiven` those that are gone are dropped, and members that are no keepers take their
 * places at once: an operator says that they do not come back, and takes the loss.
 *
 * @throws JoineryError VALUE_INVALID, GROUP_UNAVAILABLE, CALL_TIMEOUT
 */
export async function askKeepers(
  control: Pick<ControlPort, 'ask'>,
  space: string,
  isWordGiven: boolean,
): Promise<KeepersSummary> {
  const options = { timeoutMs: askMaxMs }
  const question = { kind: 'view', space, member: nobody, epoch: 0 } as const
  const answer = await control.ask(question, options)
  if (answer.kind !== 'view') throw invalidValue('no peer has opened a space of that name', space)
  const { view } = answer
  const { keepers, durability } = view.keepers
  const gone = keepers.filter((keeper) => !view.members.includes(keeper))
  const isLoss = gone.length >= durability
  const summary = {
    ...{ keepers: keepers.map(nameOf), gone: gone.map(nameOf) },
    mayLose: isLoss ? view.unsealed.map(nameOf) : [],
  }
  if (!isWordGiven || gone.length === 0) return summary
  const next = withoutGone(view)
  const word = { kind: 'replace-keepers', space, keepers: next } as const
  const reply = await control.ask(word, options)
  if (reply.kind !== 'replaced') throw invalidValue('who keeps the space has just changed', space)
  return { ...summary, replaced: next.map(nameOf) }
}

/** As many as before, if there are so many members. */
function withoutGone({ keepers: { keepers }, members }: SpaceView): SpaceView['members'] {
  const staying = keepers.filter((keeper) => members.includes(keeper))
  const others = members.filter((member) => !keepers.includes(member))
  return [...staying, ...others].slice(0, keepers.length)
}
