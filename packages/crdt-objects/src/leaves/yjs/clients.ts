import { JoineryError } from '../../errors.ts'
import { clientNumber } from '../../identity.ts'
import type { ReplicaContext } from '../../state/context.ts'
import { SELF } from '../../state/context.ts'
import { yjsEngine } from './engine.ts'

/**
 * Which Yjs client a replica is. Yjs names authors by numbers and orders concurrent insertions by them, so that every
 * replica must know an author by the same one: it is a pure function of the replica id, and batches do not carry it.
 * Nobody can write under another's number therefore: what a batch brings is its author's.
 *
 * Two replicas that had one number would overwrite each other in silence. With 53 bits a thousand authors of one space
 * meet such a pair once in 10^10 spaces; it is looked for before the first edit of a document, and the later one is
 * refused.
 */
export class Clients {
  private readonly context: ReplicaContext
  /** By replica index. */
  private readonly clientByIndex: number[] = []
  private readonly indexByClient = new Map<number, number>()
  private clash: number | undefined

  constructor(context: ReplicaContext) {
    this.context = context
  }

  private learn(): void {
    const { ids } = this.context
    for (let index = this.clientByIndex.length; index < ids.length; index++) {
      const client = clientNumber(this.context.id(index))
      this.clientByIndex.push(client)
      const taken = this.indexByClient.get(client)
      if (taken === undefined) this.indexByClient.set(client, index)
      else if (taken === SELF) this.clash = index
    }
  }

  /** Whether what comes may be our own: nobody but we can bring it. */
  get restoring(): boolean {
    return this.context.restoring
  }

  /** The client that is the replica of this index; none if its number is another one's. */
  client(index: number): number | undefined {
    if (index >= this.clientByIndex.length) this.learn()
    const client = this.clientByIndex[index] ?? 0
    return this.indexByClient.get(client) === index ? client : undefined
  }

  get own(): number {
    if (this.clientByIndex.length === 0) this.learn()
    return this.clientByIndex[SELF] ?? 0
  }

  /** The index of the replica that is this client. Only clients that came from here are asked for. */
  index(client: number): number {
    const index = this.indexByClient.get(client)
    if (index === undefined) throw new Error(`no replica is client ${client}`)
    return index
  }

  /** @throws JoineryError REPLICA_CLASHES if another replica of the space has our number. */
  checkOwn(): void {
    this.learn()
    if (this.clash === undefined) return
    const [replica, other] = [SELF, this.clash].map((index) => this.context.id(index).toString(16))
    throw new JoineryError(
      'REPLICA_CLASHES',
      'another replica has the number that texts and lists would know this one by: write from a new replica',
      { replica: replica ?? '', other: other ?? '' },
    )
  }
}

/** The clients of a replica's space. */
export function clientsOf(context: ReplicaContext): Clients {
  let clients = context.kept.get(yjsEngine) as Clients | undefined
  if (clients === undefined) {
    clients = new Clients(context)
    context.kept.set(yjsEngine, clients)
  }
  return clients
}
