import type { MemberChange } from '#consensus/raft/config-change.ts'
import { changeSimply, enterJoint, leaveJoint } from '#consensus/raft/configuration.ts'
import { jointVote, majorityIndex, majorityVote, type VoteResult } from '#consensus/raft/quorum.ts'
import { renderConfiguration, renderProgress } from '#consensus/raft/render.ts'
import { progressStatus } from '#consensus/raft/status.ts'
import { Tracker } from '#consensus/raft/tracker.ts'
import { parseChanges } from './change-text.ts'
import { type ScriptStep, valueOf } from './script.ts'

const voteNames: { readonly [Result in VoteResult]: string } = {
  won: 'VoteWon',
  lost: 'VoteLost',
  pending: 'VotePending',
}

/** `committed` and `vote`: what a majority, or a joint one, decides. */
export function runQuorumStep(step: ScriptStep): string {
  const incoming = numbersOf(step, 'cfg')
  const outgoing = numbersOf(step, 'cfgj')
  const voters = [...new Set([...incoming, ...outgoing])]
  const key = step.command === 'vote' ? 'votes' : 'idx'
  const given = step.args.find((argument) => argument.key === key)?.values ?? []
  const valueById = new Map(voters.map((id, place) => [id, given[place] ?? '_']))
  if (step.command === 'vote') {
    const result = (ids: readonly number[]): VoteResult => {
      return majorityVote(ids.map((id) => votes[valueById.get(id)!]))
    }
    return voteNames[jointVote(result(incoming), result(outgoing))]
  }
  const index = (id: number): number | undefined => {
    const value = valueById.get(id)!
    return value === '_' || value === '0' ? undefined : Number(value)
  }
  const indexes = (ids: readonly number[]): number[] => ids.map((id) => index(id) ?? 0)
  const committed = Math.min(majorityIndex(indexes(incoming)), majorityIndex(indexes(outgoing)))
  return describeIndexes(voters, index) + (committed === Infinity ? '∞' : String(committed))
}

const votes: Readonly<Record<string, boolean | undefined>> = { y: true, n: false, _: undefined }

function numbersOf(step: ScriptStep, key: string): number[] {
  const values = step.args.find((argument) => argument.key === key)?.values ?? []
  return [...new Set(values.filter((text) => text !== 'zero').map(Number))]
}

/** A line for each voter, with a bar as long as the number of voters that are behind it. */
function describeIndexes(
  voters: readonly number[],
  index: (id: number) => number | undefined,
): string {
  if (voters.length === 0) return '<empty majority quorum>'
  const ascending = voters.map((id) => index(id) ?? 0).sort((a, b) => a - b)
  const lines = [...voters]
    .sort((a, b) => a - b)
    .map((id) => {
      const known = index(id)
      const bar = known === undefined ? '?' : `${'x'.repeat(ascending.indexOf(known))}>`
      const padded = bar.padEnd(voters.length + 1)
      return `${padded} ${String(known ?? 0).padStart(5)}    (id=${id})\n`
    })
  return `${' '.repeat(voters.length)}    idx\n${lines.join('')}`
}

/** `simple`, `enter-joint` and `leave-joint`: what changes make of a configuration. */
export class ConfigurationScript {
  readonly #tracker = new Tracker({ inflightMessagesMax: 10, inflightBytesMax: Infinity })
  /** Grows with each step, so that `next` tells when a member was added. */
  #lastIndex = 0

  run(step: ScriptStep): string {
    const lastIndex = this.#lastIndex++
    const changes = parseChanges(step.input)
    if (typeof changes === 'string') return changes
    const changed = this.#change(step, changes)
    if (typeof changed === 'string') return changed
    this.#tracker.configure(changed.configuration, lastIndex, changed.forgotten)
    const members = this.#tracker.members.map((member) => renderProgress(progressStatus(member)))
    return [renderConfiguration(changed.configuration), ...members].join('\n')
  }

  #change(step: ScriptStep, changes: readonly MemberChange[]): ReturnType<typeof leaveJoint> {
    const { configuration } = this.#tracker
    switch (step.command) {
      case 'simple':
        return changeSimply(configuration, changes)
      case 'enter-joint':
        return enterJoint(configuration, changes, valueOf(step, 'autoleave', 'false') === 'true')
      case 'leave-joint':
        return changes.length > 0 ? 'this command takes no input' : leaveJoint(configuration)
      default:
        return 'unknown command'
    }
  }
}
