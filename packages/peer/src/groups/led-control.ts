import { type LedControl } from '../identity/control-driver.ts'
import { controlPlace, controlStateOf } from '../identity/control-object.ts'
import { type Member } from './member.ts'

/** The control state, at a member that leads the group which has it; undefined at any other. */
export function ledControl(member: Member | undefined): LedControl | undefined {
  if (member?.isLeader !== true) return undefined
  const found = member.hosted(controlPlace.space, controlPlace.name)
  const state = found && controlStateOf(found.hosted)
  if (found === undefined || state === undefined) return undefined
  const { number, changedAt } = found
  const { node } = member
  return {
    ...{ state, position: changedAt, agreedMs: node.status().agreedMs },
    silentMs: (session) => node.silentMs(session),
    watch: (after, done) =>
      node.watch(number, after, (result) => {
        done(typeof result === 'number' ? result : undefined)
      }),
  }
}
