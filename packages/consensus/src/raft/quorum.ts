/*
 * Majorities, as functions of arrays. A joint configuration decides by both of its halves; an empty half agrees with
 * everything, so a configuration that is not joint is the same with an empty second half.
 */

export type VoteResult = 'won' | 'lost' | 'pending'

/**
 * The highest index that a majority has reached; Infinity of nobody. Sorts `indexes`, which has one for each voter.
 */
export function majorityIndex(indexes: number[]): number {
  const count = indexes.length
  if (count === 0) return Infinity
  // Insertion sort: voters are few, and this runs for each acknowledgement.
  for (let place = 1; place < count; place++) {
    const index = indexes[place]!
    let hole = place
    while (hole > 0 && indexes[hole - 1]! > index) {
      indexes[hole] = indexes[hole - 1]!
      hole--
    }
    indexes[hole] = index
  }
  return indexes[count - (Math.floor(count / 2) + 1)]!
}

/** How an election among voters stands: true for, false against, undefined not heard. */
export function majorityVote(votes: readonly (boolean | undefined)[]): VoteResult {
  if (votes.length === 0) return 'won'
  const quorum = Math.floor(votes.length / 2) + 1
  let granted = 0
  let missing = 0
  for (const vote of votes) {
    if (vote === undefined) missing++
    else if (vote) granted++
  }
  if (granted >= quorum) return 'won'
  return granted + missing >= quorum ? 'pending' : 'lost'
}

export function jointVote(incoming: VoteResult, outgoing: VoteResult): VoteResult {
  if (incoming === outgoing) return incoming
  return incoming === 'lost' || outgoing === 'lost' ? 'lost' : 'pending'
}
