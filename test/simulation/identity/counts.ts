/** What happened in one seed, in numbers; those that begin with `most` are maxima. */
export interface Counts {
  incarnations: number
  activations: number
  seals: number
  epochs: number
  operations: number
  crashes: number
  fencings: number
  slowFencings: number
  freezes: number
  retirements: number
  retirementsAborted: number
  reinstatements: number
  snapshots: number
  overruns: number
  reissued: number
  outcomesUnknown: number
  states: number
  statesRefused: number
  staged: number
  keeperChanges: number
  operatorWords: number
  spacesLost: number
  spacesEnded: number
  acknowledged: number
  acknowledgedLost: number
  lost: number
  outageSteps: number
  mostVector: number
  /** Of one space that are not sealed, at a time. */
  mostLives: number
  mostTotals: number
  mostRecords: number
  mostKept: number
  mostStaged: number
  mostSealings: number
}

export function noCounts(): Counts {
  return {
    ...{ incarnations: 0, activations: 0, seals: 0, epochs: 0, operations: 0, crashes: 0 },
    ...{ fencings: 0, slowFencings: 0, freezes: 0, retirements: 0, retirementsAborted: 0 },
    ...{ reinstatements: 0, snapshots: 0, overruns: 0, reissued: 0, outcomesUnknown: 0 },
    ...{ states: 0, statesRefused: 0, staged: 0, keeperChanges: 0, operatorWords: 0 },
    ...{ spacesLost: 0, acknowledged: 0, acknowledgedLost: 0, lost: 0, outageSteps: 0 },
    ...{ mostVector: 0, mostLives: 0, mostTotals: 0, mostRecords: 0, mostKept: 0, mostStaged: 0 },
    mostSealings: 0,
    spacesEnded: 0,
  }
}
