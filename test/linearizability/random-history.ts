import type { Random } from '#test/simulation/random.ts'
import type { Operation } from './history.ts'

/** What a blocking operation gives while it cannot go on. */
export const blocked: unique symbol = Symbol('blocked')

/** An object as plain code: it changes in place, and answers. Written apart from the models, so that each tries the other. */
export interface SequentialObject {
  perform(operation: string, given: readonly unknown[], caller: Caller): unknown
}

export interface Caller {
  readonly client: number
  /** The place that the operation has in the order, if it is no read. */
  readonly index: number
}

export interface DrawnOperation {
  readonly operation: string
  readonly arguments: readonly unknown[]
  readonly isRead: boolean
}

export interface RandomHistoryOptions {
  readonly object: string
  readonly clients: number
  readonly operations: number
  readonly target: SequentialObject
  draw(random: Random, client: number): DrawnOperation
  /** How often a client gives up an operation, which may have its effect later or never. */
  readonly unknownShare?: number
  /** Whether operations of unknown outcome that had their effect have their index: it was learned from the object. */
  readonly hasAllIndexes?: boolean
}

interface Running extends DrawnOperation {
  readonly client: number
  readonly invokedAt: number
  result: unknown
  index: number | undefined
  isApplied: boolean
}

/** A history of clients that call an object at the same time, each operation taking effect at one moment: it is linearizable. */
export function drawHistory(random: Random, options: RandomHistoryOptions): Operation[] {
  const { clients, operations, target, unknownShare = 0 } = options
  const running = new Map<number, Running>()
  const abandoned: Running[] = []
  const history: Operation[] = []
  let [started, index, now, nextClient] = [0, 0, 0, clients]
  const names = Array.from({ length: clients }, (_, client) => client)

  const apply = (one: Running): void => {
    const place = one.isRead ? index : index + 1
    const result = target.perform(one.operation, one.arguments, {
      client: one.client,
      index: place,
    })
    if (result === blocked) return
    one.result = result
    one.isApplied = true
    one.index = place
    index = place
  }
  const record = (one: Running, kind: 'ok' | 'unknown'): void => {
    const hasIndex = kind === 'ok' || (options.hasAllIndexes === true && one.isApplied)
    history.push({
      ...{ client: one.client, object: options.object, operation: one.operation, kind },
      ...{ arguments: one.arguments, result: kind === 'ok' ? one.result : undefined },
      ...{ invokedAt: one.invokedAt, returnedAt: kind === 'ok' ? now : undefined },
      index: hasIndex ? one.index : undefined,
    })
  }

  const stepsMax = operations * 200
  for (let step = 0; step < stepsMax && (started < operations || running.size > 0); step++) {
    now++
    const place = random.integer(0, clients - 1)
    const client = names[place]!
    const one = running.get(client)
    if (one === undefined) {
      if (started === operations) continue
      started++
      const drawn = options.draw(random, client)
      running.set(client, {
        ...drawn,
        client,
        invokedAt: now,
        result: undefined,
        index: undefined,
        isApplied: false,
      })
    } else if (random.chance(unknownShare / 2)) {
      running.delete(client)
      abandoned.push(one)
      // Whoever does not know what it has done goes on under another name.
      names[place] = nextClient++
    } else if (!one.isApplied) {
      apply(one)
    } else {
      running.delete(client)
      record(one, 'ok')
    }
    const late = abandoned.find(({ isApplied }) => !isApplied)
    if (late !== undefined && random.chance(0.02)) apply(late)
  }
  for (const one of [...abandoned, ...running.values()]) record(one, 'unknown')
  return history
}
