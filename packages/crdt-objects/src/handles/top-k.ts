import type { Answer, Extra, Face, HandleBase } from '../handles.ts'

/** One place of a ranking. */
export interface Ranked {
  readonly key: string
  readonly score: number
}

/** Keeps the keys with the greatest scores: by score, the greatest first, then by key. */
export type TopKHandle<P extends Face> = HandleBase<P, readonly Ranked[]> & {
  /** An offer that does not get among the best seen here, or does not raise the key's score, is no update. */
  offer(key: string, score: number): Answer<P, void>
  /** The `n` best, at most all that are kept. */
  top(n?: number): Answer<P, readonly Ranked[]>
} & Extra<P, readonly Ranked[]>
