export type { CommandOutcome, OrderedLog, Session, Submission } from './ordered-log.ts'
