/** The group that orders the object `name` of `space`: the same at every peer and for ever, so its hash is part of the protocol. */
export function groupOf(space: string, name: string, groupCount: number): number {
  // What no user can name is the cluster's own.
  if (groupCount === 1 || space.startsWith('/')) return 0
  // FNV-1a over UTF-16 units; no name of a space has a "/".
  let hash = 0x811c9dc5
  const path = `${space}/${name}`
  for (let i = 0; i < path.length; i++) hash = Math.imul(hash ^ path.charCodeAt(i), 0x01000193)
  // The low bits alone are poorly mixed.
  hash = Math.imul(hash ^ (hash >>> 16), 0x7feb352d)
  hash = Math.imul(hash ^ (hash >>> 15), 0x846ca68b)
  return ((hash ^ (hash >>> 16)) >>> 0) % groupCount
}
