import type { GroupMemberSummary, GroupSummary } from '../index.ts'
import { UsageError } from './failure.ts'
import { type Reach, withClient } from './gateway-client.ts'
import { printable } from './printable.ts'
import { table } from './table.ts'

/** Enough of a peer's id to tell it from others: all begin alike. */
const peerLength = 8

/** Lists the groups that order objects in strong mode. */
export async function groups(reach: Reach): Promise<void> {
  await withClient(reach, async ({ inspect }) => {
    const found = await inspect.groups()
    if (found.length === 0) return console.log('The peers behind this gateway have no groups.')
    const heads = [
      ...['group', 'leader', 'term', 'voters', 'learners'],
      ...['applied', 'sessions', 'parked'],
    ]
    console.log(table(heads, found.map(row)))
  })
}

function row(summary: GroupSummary): (string | number | readonly string[])[] {
  const { group, leader, term, voters, learners, applied, sessions, parked } = summary
  const leads = [...voters, ...learners].find(({ node }) => node === leader)
  return [
    ...[group, leader === 0 ? 'nobody' : line(leads ?? { node: leader, peer: '' }), term],
    ...[voters.map(line), learners.map(line)],
    ...[applied, sessions, parked],
  ]
}

function line({ node, peer }: GroupMemberSummary): string {
  return peer === '' ? `${node} (away)` : `${node} (…${printable(peer.slice(-peerLength))})`
}

/** Has a member replaced in each group that it is a voter of. */
export async function replaceVoter(reach: Reach, text: string): Promise<void> {
  const node = Number(text)
  if (!Number.isSafeInteger(node) || node < 1)
    throw new UsageError(`"${text}" is no member: \`joinery groups\` shows their numbers.`)
  await withClient(reach, async ({ inspect }) => {
    const concerned = (await inspect.groups()).filter(({ voters }) => {
      return voters.some((voter) => voter.node === node)
    })
    if (concerned.length === 0)
      throw new UsageError(`${node} votes in no group: \`joinery groups\` shows who does.`)
    for (const { group } of concerned) {
      await inspect.replaceVoter(group, node)
      console.log(`group ${group}: ${node} is being replaced`)
    }
  })
}
