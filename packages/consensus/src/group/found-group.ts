import type { StateMachine } from '../host/state-machine.ts'
import type { NodeId } from '../raft/types.ts'
import type { LogStorage } from '../storage/log-storage.ts'

/**
 * Founds a group of one: writes the state of `machine`, new or taken over from a group that is lost, as the beginning of
 * its log. Everybody else starts on an empty storage, and gets it from a leader. `done` is called once it is durable.
 */
export function foundGroup(
  storage: LogStorage,
  machine: StateMachine,
  id: NodeId,
  done: (error?: Error) => void,
): void {
  storage.append(
    {
      hardState: { term: 1, vote: 0, commit: 1 },
      entries: [],
      snapshot: {
        index: 1,
        term: 1,
        confState: {
          voters: [id],
          votersOutgoing: [],
          learners: [],
          learnersNext: [],
          autoLeave: false,
        },
        data: machine.snapshot(),
      },
      mustSync: true,
    },
    done,
  )
}
