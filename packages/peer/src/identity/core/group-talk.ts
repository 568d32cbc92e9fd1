import { type ReplicaId } from '@joinery/crdt-objects/engine'
import {
  type ControlAnswer,
  type ControlCommand,
  type MemberCommand,
  type Report,
  type SpaceView,
  type ViewRequest,
} from './control-contract.ts'

/** What a command of a member carries besides what every one does. */
export type Asked<Command> = Command extends MemberCommand
  ? Omit<Command, 'space' | 'member' | 'number' | 'epoch'>
  : never

/** One peer's side of the talk with the control group about one space: what it asks for, and what it was told last. */
export class GroupTalk {
  readonly #space: string
  /** The session that the peer has there now. */
  session = ''
  /** The newest answer. Invariant: its revision never falls, so what is late lifts no fence. */
  view: SpaceView | undefined
  /** Invariant: a new one for each life, so that an answer is of the lease that is waited for. */
  #leaseRequest = 0
  /** The number of this life's last command. */
  number = 0
  /** The last two answers told of the same epoch, with nobody in sealing. What members report of it does not disturb that. */
  #isQuiet = false
  /** What was just asked for was refused: it waits for the next contact, or it would be asked for in a circle. */
  #isRefused = false

  constructor(space: string) {
    this.#space = space
  }

  lease(): ControlCommand {
    const { session } = this
    return { kind: 'lease', space: this.#space, session, request: this.#leaseRequest }
  }

  look(member: ReplicaId, epoch: number | undefined): ViewRequest {
    return { kind: 'view', space: this.#space, member, epoch: epoch ?? this.view?.epoch ?? 0 }
  }

  /** A command of `member`, whose replica is in `epoch`; undefined where the last was refused. */
  command(
    asked: Asked<MemberCommand>,
    member: ReplicaId,
    epoch: number,
  ): MemberCommand | undefined {
    if (this.#isRefused) return undefined
    this.number++
    return { ...asked, space: this.#space, member, number: this.number, epoch }
  }

  isOurLease(answer: ControlAnswer): answer is Extract<ControlAnswer, { kind: 'leased' }> {
    return answer.kind === 'leased' && answer.request === this.#leaseRequest
  }

  /** Takes note of an answer; says why not, if it is none to go by. */
  note(answer: ControlAnswer, member: ReplicaId | undefined): string | undefined {
    const view = 'view' in answer ? answer.view : undefined
    if (view === undefined || view.member !== member) return 'an answer to another life'
    if (view.revision < (this.view?.revision ?? 0)) return 'an answer that is late'
    const sealings = view.sealings.length + (this.view?.sealings.length ?? 0)
    this.#isQuiet = sealings === 0 && view.epoch === this.view?.epoch
    this.view = view
    this.#isRefused = answer.kind === 'refused'
    return undefined
  }

  /** The answer is dealt with. */
  done(): void {
    this.#isRefused = false
  }

  /** A life is over; the next lease is another. */
  endLife(): void {
    this.view = undefined
    this.#isQuiet = false
    this.#leaseRequest++
    this.number = 0
  }

  /**
   * Whether the group does not know yet what is held here, or which epoch this is.
   *
   * Which epoch is settled it hears with all that, and so late enough while lives end. After the last of them nothing else
   * would tell it, and what was deleted before would stay for as long as nobody comes.
   */
  hasNews({ held, settled }: Report, epoch: number): boolean {
    const { view } = this
    if (view === undefined || view.standingEpoch < epoch) return true
    if (this.#isQuiet && view.standingSettled < Math.min(settled, view.epoch)) return true
    const reported = new Map(view.sealings.map((sealing) => [sealing.round, sealing.reported]))
    return held.some((report) => reported.get(report.round) !== report.held)
  }
}
