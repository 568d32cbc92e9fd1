/** Whether a life was sealed in an epoch up to this one; `sealedIn` is 0 when it was not, or is settled. */
export function isOverIn(sealedIn: number | undefined, epoch: number): boolean {
  return sealedIn !== undefined && sealedIn > 0 && sealedIn <= epoch
}
