import type { Command } from '../host/command.ts'
import type { Outcome } from '../host/outcome.ts'
import type { Refusal } from './contract.ts'

export type CommandDone = (result: Outcome | Refusal) => void

/** A command, and who is told what became of it. */
export interface Proposal {
  readonly command: Command
  readonly done: CommandDone
}
