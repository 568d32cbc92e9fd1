import { historyByObject, showOperation, worstOf, type Operation, type Verdict } from './history.ts'
import { refused, type Model } from './model.ts'

/*
 * Every reply carries the place that its command had in the order of the group, and a read the place it was served at.
 * So the order is given, and only has to be tried: are the results those of the model in this order, and did nothing
 * that came later in it end before something that came earlier began? If both hold, the order is a linearization: "ok"
 * is true whoever made up the indexes. Time is that of sorting, and sorting by counting where the indexes are dense.
 *
 * An operation of unknown outcome without an index is taken not to have happened, which is one of the two things that it
 * may have done. If it did happen and was seen, the model does not agree, and the verdict is `undecided`. So runs should
 * leave none: a client that got no answer asks again with the same session and sequence until it gets one, or asks for
 * the outcome by withdrawing; or the run takes the index from what the members have applied, and puts it into the
 * history of an operation that stays `unknown`. Then the model says that it happened, and its time has no end.
 */

export function checkWitness(
  history: readonly Operation[],
  modelOf: (object: string) => Model,
): Verdict {
  const verdicts: Verdict[] = []
  for (const [object, operations] of historyByObject(history)) {
    verdicts.push(checkObject(operations, modelOf(object)))
  }
  return worstOf(verdicts)
}

function checkObject(history: readonly Operation[], model: Model): Verdict {
  const placed = history.filter(({ index }) => index !== undefined)
  const unplaced = history.find(({ index, kind }) => index === undefined && kind === 'ok')
  if (unplaced !== undefined) {
    return { kind: 'undecided', reason: `there is no index with ${showOperation(unplaced)}` }
  }
  const isRead = placed.map((operation) => model.isRead(operation))
  const order = orderByKey(placed.map(({ index }, n) => index! * 2 + (isRead[n]! ? 1 : 0)))
  return (
    replay(placed, order, model, placed.length < history.length) ??
    checkRealTime(placed, order, isRead) ?? { kind: 'ok', operations: placed.length }
  )
}

/** Tries the results against the model, each write in a place of its own. */
function replay(
  operations: readonly Operation[],
  order: Uint32Array,
  model: Model,
  hasUnplaced: boolean,
): Verdict | undefined {
  let state = model.initial
  let lastWrite: Operation | undefined
  for (const place of order) {
    const operation = operations[place]!
    const isRead = model.isRead(operation)
    if (!isRead && lastWrite?.index === operation.index) {
      return violation('two writes have one index', [lastWrite!, operation])
    }
    const next = model.step(state, operation)
    if (next === refused) {
      const shown = `${showOperation(operation)} in the state ${model.keyOf(state)}`
      if (hasUnplaced) {
        const reason = `an operation of unknown outcome and without an index may have led to ${shown}`
        return { kind: 'undecided', reason }
      }
      const involved = lastWrite === undefined ? [operation] : [lastWrite, operation]
      return violation(`the model does not allow ${shown}`, involved)
    }
    state = next
    if (!isRead) lastWrite = operation
  }
  return undefined
}

/** One pass from the end: nothing later in the order may have ended before something earlier began. */
function checkRealTime(
  operations: readonly Operation[],
  order: Uint32Array,
  isRead: readonly boolean[],
): Verdict | undefined {
  let earliest: Operation | undefined
  for (let end = order.length; end > 0;) {
    // Reads at one index saw one state: among themselves they are in any order.
    let start = end - 1
    const { index } = operations[order[start]!]!
    while (isRead[order[start]!]! && start > 0 && isReadAt(start - 1, index)) start--
    for (let at = start; at < end; at++) {
      const operation = operations[order[at]!]!
      if (earliest !== undefined && earliest.returnedAt! < operation.invokedAt) {
        return violation('the later one in the order ended before the earlier one began', [
          operation,
          earliest,
        ])
      }
    }
    for (let at = start; at < end; at++) {
      const operation = operations[order[at]!]!
      if (operation.kind !== 'ok' || operation.returnedAt === undefined) continue
      if (earliest === undefined || operation.returnedAt < earliest.returnedAt!)
        earliest = operation
    }
    end = start
  }
  return undefined

  function isReadAt(at: number, index: number | undefined): boolean {
    return isRead[order[at]!]! && operations[order[at]!]!.index === index
  }
}

function violation(what: string, involved: readonly Operation[]): Verdict {
  return {
    kind: 'violation',
    reason: [what, ...involved.map(showOperation)].join('\n  '),
    involved,
  }
}

/** The places of the keys, in ascending order of these. */
function orderByKey(keys: readonly number[]): Uint32Array {
  const order = Uint32Array.from({ length: keys.length }, (_, place) => place)
  if (keys.length === 0) return order
  let [least, greatest] = [Infinity, -Infinity]
  for (const key of keys) {
    if (key < least) least = key
    if (key > greatest) greatest = key
  }
  const span = greatest - least + 1
  if (span > keys.length * 8 + 1024) return order.sort((a, b) => keys[a]! - keys[b]! || a - b)
  const starts = new Uint32Array(span + 1)
  for (const key of keys) starts[key - least + 1]!++
  for (let at = 1; at <= span; at++) starts[at]! += starts[at - 1]!
  for (const [place, key] of keys.entries()) order[starts[key - least]!++] = place
  return order
}
