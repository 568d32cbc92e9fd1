import type { MemberChange } from '#consensus/raft/config-change.ts'

const kindByLetter: Readonly<Record<string, MemberChange['kind'] | undefined>> = {
  v: 'add-voter',
  l: 'add-learner',
  r: 'remove',
  u: 'update',
}

/** Changes as `v1 l2 r3 u4`: a voter, a learner, one removed, one whose address moved. */
export function parseChanges(text: string): MemberChange[] {
  const words = text.trim().split(/\s+/)
  return words
    .filter((word) => word !== '')
    .map((word) => {
      const kind = kindByLetter[word[0] ?? '']
      const id = Number(word.slice(1))
      if (kind === undefined || !Number.isSafeInteger(id)) throw new Error(`unknown input: ${word}`)
      return { kind, id }
    })
}
