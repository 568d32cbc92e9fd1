/** Stops the process at a bug of ours; never called on what a neighbour could cause. */
export function invariant(condition: boolean, broken: string): asserts condition {
  if (!condition) throw new Error(`Broken invariant: ${broken}`)
}
