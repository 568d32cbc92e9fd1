/*
 * Reports as lines of a log. What goes on being wrong is reported again and again: a peer of another cluster that is
 * dialled every two seconds would fill a disk. So of reports of one kind the first is logged at once, and those that
 * follow are counted, and logged as one after a pause that doubles each time.
 */
import { refusalText } from '../errors.ts'
import { type Report } from '../report.ts'

/** Takes a line: what is known as fields, and what it means in words. */
export type LogLine = (fields: object, text: string, isError: boolean) => void

interface Gathered {
  last: Report
  /** Reports since the last line. */
  times: number
  sinceMs: number
  pauseMs: number
}

const pauseFirstMs = 10_000
const pauseMaxMs = 3_600_000

/** Logs reports, those of one kind and reason together. */
export class ReportLog {
  readonly #log: LogLine
  readonly #now: () => number
  readonly #gatheredByKind = new Map<string, Gathered>()

  constructor(log: LogLine, now: () => number = () => performance.now()) {
    this.#log = log
    this.#now = now
  }

  readonly take = (report: Report): void => {
    const now = this.#now()
    const kind = kindOf(report)
    const gathered = this.#gatheredByKind.get(kind)
    if (gathered === undefined) {
      this.#gatheredByKind.set(kind, {
        ...{ last: report, times: 0 },
        ...{ sinceMs: now, pauseMs: pauseFirstMs },
      })
      this.#line(report)
      return
    }
    gathered.last = report
    gathered.times++
    const quietMs = now - gathered.sinceMs
    if (quietMs < gathered.pauseMs) return
    const isNews = quietMs > 2 * gathered.pauseMs && gathered.times === 1
    gathered.pauseMs = isNews ? pauseFirstMs : Math.min(2 * gathered.pauseMs, pauseMaxMs)
    gathered.sinceMs = now
    this.#tell(gathered)
  }

  /** Logs what was counted and not told. */
  flush(): void {
    for (const gathered of this.#gatheredByKind.values())
      if (gathered.times > 0) this.#tell(gathered)
  }

  #tell(gathered: Gathered): void {
    const { last, times } = gathered
    gathered.times = 0
    if (times === 1) this.#line(last)
    else this.#line(last, times)
  }

  #line(report: Report, times?: number): void {
    const isFault = 'error' in report
    const fields = isFault ? withoutError(report) : report
    const text = textOf(report)
    if (times === undefined) this.#log(fields, text, isFault)
    else this.#log({ ...fields, times }, `${text} (${times} times since the last line)`, isFault)
  }
}

/** The fields of a report, its error under the name that logs print well. */
function withoutError({ error, ...fields }: Report & { readonly error: unknown }): object {
  return { ...fields, err: error }
}

/** What is gathered: not by peer, for a peer that starts again has another id each time. */
function kindOf(report: Report): string {
  switch (report.kind) {
    case 'peer-refused':
      return `${report.kind} ${report.reason}`
    case 'peer-suspected':
      return `${report.kind} ${report.condition}`
    case 'batch-quarantined':
    case 'message-ignored':
    case 'engine-failed':
    case 'visibility-late':
    case 'space-lost':
    case 'space-under-replicated':
    case 'space-alone':
    case 'space-behind':
    case 'space-fenced':
    case 'outcome-unknown':
    case 'writes-unkept':
    case 'rewritten-in-part':
    case 'space-closed':
    case 'space-ended':
      return `${report.kind} ${report.space}`
    case 'group-storage-failed':
    case 'group-message-ignored':
      return `${report.kind} ${report.group}`
    case 'object-diverged':
      return `${report.kind} ${report.group} ${report.object}`
    default:
      return report.kind
  }
}

function textOf(report: Report): string {
  switch (report.kind) {
    case 'peer-refused':
      return `a peer was refused: ${refusalText(report.reason)}`
    case 'not-joined':
      return `not joined yet, still trying ${report.addresses.join(', ')}`
    case 'joined-late':
      return 'joined the cluster'
    case 'frame-invalid':
      return 'a peer sent what its protocol does not allow; its connection is closed'
    case 'peer-slow':
      return 'a peer does not read fast enough; what was queued for it is dropped, and fetched later'
    case 'peer-silent':
      return 'a peer was silent for too long; its connection is closed, and tried again'
    case 'peer-suspected':
      if (report.condition === 'frozen')
        return 'a peer is silent, and nobody else hears it: it is frozen, or cut off from all'
      return report.heardBy > 0
        ? 'a peer is silent here, and others hear it: the network between it and this peer is broken'
        : 'a peer is silent, and so are the others: this peer is cut off'
    case 'peer-heard-again':
      return 'a peer that was silent is heard again'
    case 'peer-thawed':
      return 'this peer stood still, and catches up'
    case 'peer-left':
      return 'a peer left, and nobody is known to hold what it wrote last'
    case 'batch-quarantined':
      return `what came for the space "${report.space}" does not decode; nothing of it was applied`
    case 'message-ignored':
      return `a message for the space "${report.space}" made no sense, and changed nothing`
    case 'engine-failed':
      return `the engine ${report.engine}, which objects of the space "${report.space}" need, cannot be loaded`
    case 'group-storage-failed':
      return 'the disk failed a member of a group: it takes no further part, until this peer starts again'
    case 'group-message-ignored':
      return 'what another member of a group sent made no sense, and changed nothing'
    case 'object-diverged':
      return 'the replicas of an object in strong mode differ: its class is not deterministic, and it takes no more calls'
    case 'visibility-late':
      return `what was written to the space "${report.space}" before a call was not here in time after it`
    case 'space-lost':
      return `every member of the space "${report.space}" is gone, and what was in it; it goes on with nothing`
    case 'space-under-replicated':
      return (
        `the space "${report.space}" has ${report.keepers} of ${report.wanted} keepers: less may be survived; ` +
        `where this lasts, "joinery keepers ${report.space}" tells what to do`
      )
    case 'heap-full':
      return 'the heap is full: operations that would add something are refused until it has room again'
    case 'heap-has-room':
      return 'the heap has room again'
    case 'write-rate-reached':
      return 'more is written here than is allowed in a second: operations that would add something are refused at times'
    case 'gateway-fault':
      return 'the gateway failed at a call'
    case 'space-alone':
      return `nobody is in reach who has the space "${report.space}" or leases it: it begins here with nothing, and is merged later`
    case 'space-behind':
      return `the space "${report.space}" is open, and may lack for a while what ${report.peers.length} of the peers hold that have it: they have not answered`
    case 'space-fenced':
      return `the replica of the space "${report.space}" was sealed while it was away; it begins anew, and writes again what others had not got`
    case 'outcome-unknown':
      return `nobody knows any more which of the last writes to the space "${report.space}" are in: this peer was away for too long`
    case 'writes-unkept':
      return `writes to the space "${report.space}" that others may not hold can no longer be kept here`
    case 'rewritten-in-part':
      return `some of what was written to the space "${report.space}" before it was sealed here builds on what is gone, and could not be written again in full`
    case 'space-closed':
      return `the space "${report.space}" is closed here, and could not be handed over: ${report.unsent} updates that were written here nobody is known to hold`
    case 'space-ended':
      return `the space "${report.space}" has ended, and is closed here: ${report.unsent} updates that were written here nobody is known to have held`
  }
}
