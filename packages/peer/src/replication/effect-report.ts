import { type Report } from '../report.ts'
import { type Effect } from './core/contract.ts'

type Reported = Extract<
  Effect,
  { kind: 'status' | 'outcome-unknown' | 'unkept' | 'issued-in-part' | 'quarantined' | 'ignored' }
>

/** What a peer's log is told of an effect; undefined where that is nothing. */
export function reportOf(space: string, effect: Reported): Report | undefined {
  switch (effect.kind) {
    case 'status':
      return effect.status === 'fenced' ? { kind: 'space-fenced', space } : undefined
    case 'outcome-unknown':
      return { kind: 'outcome-unknown', space, batches: effect.batches }
    case 'unkept':
      return { kind: 'writes-unkept', space, batches: effect.batches }
    case 'issued-in-part':
      return { kind: 'rewritten-in-part', space, batches: effect.batches }
    case 'quarantined': {
      const { reason, bytes } = effect
      return { kind: 'batch-quarantined', space, reason, bytes: bytes.length }
    }
    case 'ignored':
      return { kind: 'message-ignored', space, reason: effect.reason }
  }
}
