import type { Change } from '@joinery/crdt-objects'
import { ChangeFeed } from '@joinery/crdt-objects/engine'
import type { ClientSession } from './client-session.ts'

/** Whose write is being carried out. Changes are told within the write that makes them, so this says whose they are. */
export interface Writing {
  session: ClientSession | undefined
}

/** Where changes are heard: a local handle. */
export interface Watched {
  subscribe(listener: (change: Change) => void): Disposable
}

/**
 * The changes of a place as one client sees them. To the replica all that is written in this process is local; to a
 * client only what it wrote itself is, neither what other clients wrote nor the peer's own code. (What the peer's own
 * code writes in answer to a change, within its listener, counts as the client's whose write it answers.)
 */
export function clientChanges(
  watched: Watched,
  session: ClientSession,
  writing: Readonly<Writing>,
): AsyncIterable<Change> {
  const begin = (): ChangeFeed => {
    const feed = new ChangeFeed(() => subscription[Symbol.dispose]())
    const subscription = watched.subscribe((change) => {
      const isOwn = change.origin === 'local' && writing.session === session
      feed.push({ ...change, origin: isOwn ? 'local' : 'remote' })
    })
    return feed
  }
  return { [Symbol.asyncIterator]: begin }
}
