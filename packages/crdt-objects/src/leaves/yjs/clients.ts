import { JoineryError } from '../../errors.ts'
import { clientNumber, firstLifeOf, isLeased, replicaName, slotKeyOf } from '../../identity.ts'
import type { ReplicaContext } from '../../state/context.ts'
import { SELF } from '../../state/context.ts'
import { yjsEngine } from './engine.ts'

/**
 * Which Yjs client a replica is. Yjs names authors by numbers and orders concurrent insertions by them, so that every
 * replica must know an author by the same one: it is a pure function of the replica id, and batches do not carry it.
 * Nobody can write under another's number therefore: what a batch brings is its author's.
 *
 * All lives of a slot are one client, and each goes on with the clock of the one before it: a document does not grow
 * with lives. Yjs drops without a word what comes under a clock that is taken, so this is safe only because nobody
 * writes, and nothing is applied, before all of the life before is here. Batches see to that: a life begins where those
 * before it are sealed.
 *
 * Two replicas without a slot that had one number would overwrite each other in silence. With 53 bits a thousand of them
 * in one space meet such a pair once in 10^10 spaces; it is looked for before the first edit of a document, and the
 * later one is refused.
 */
export class Clients {
  private readonly context: ReplicaContext
  /** By replica index. */
  private clientByIndex: number[] = []
  /** The index of a replica that is this client; of a slot's that of its life in the vector, if it has one. */
  private readonly indexByClient = new Map<number, number>()
  private clash: number | undefined
  /** Invariant: what is kept by index is of this generation of indexes. */
  private generation: number
  /** How many of the indexes are learnt. */
  private learnt = 0

  constructor(context: ReplicaContext) {
    this.context = context
    this.generation = context.generation
  }

  private learn(): void {
    const { ids, generation } = this.context
    if (this.generation !== generation) this.forget()
    for (; this.learnt < ids.length; this.learnt++) this.learnOne(this.learnt)
  }

  private forget(): void {
    this.generation = this.context.generation
    this.learnt = 0
    this.clientByIndex = []
    this.indexByClient.clear()
  }

  private learnOne(index: number): void {
    const id = this.context.ids[index]
    if (id === undefined) return
    const client = clientNumber(id)
    this.clientByIndex[index] = client
    const taken = this.indexByClient.get(client)
    if (taken === undefined) {
      this.indexByClient.set(client, index)
      return
    }
    const other = this.context.id(taken)
    if (slotKeyOf(id) === slotKeyOf(other)) {
      if (this.context.isAlive(index)) this.indexByClient.set(client, index)
    } else if (taken === SELF) this.clash = index
  }

  /** Whether what comes may be our own: nobody but we can bring it. */
  get restoring(): boolean {
    return this.context.restoring
  }

  /** The client that is the replica of this index; none if its number is another one's. */
  client(index: number): number | undefined {
    if (this.generation !== this.context.generation || this.clientByIndex[index] === undefined) {
      this.learn()
      if (this.clientByIndex[index] === undefined) this.learnOne(index)
    }
    const client = this.clientByIndex[index] ?? 0
    const latest = this.indexByClient.get(client)
    if (latest === index) return client
    if (latest === undefined) return undefined
    const { context } = this
    return slotKeyOf(context.id(latest)) === slotKeyOf(context.id(index)) ? client : undefined
  }

  get own(): number {
    return clientNumber(this.context.id(SELF))
  }

  /**
   * The index of a replica that is this client. Only clients that came from here are asked for, and our own.
   *
   * Of a slot it is the life that the vector has. Where all are sealed it is the first that the slot could have had: so
   * replicas of one vector say the same, and nobody has to keep the name of a life for what it wrote in a text.
   */
  index(client: number): number {
    const { context } = this
    // What was made again is ours, and nobody had to look up whose it is.
    if (this.generation !== context.generation || !this.indexByClient.has(client)) this.learn()
    const index = this.indexByClient.get(client)
    const isNamed = index !== undefined && (context.isAlive(index) || !isLeased(context.id(index)))
    return isNamed ? index : context.intern(firstLifeOf(client))
  }

  /** @throws JoineryError REPLICA_CLASHES if another replica of the space has our number. */
  checkOwn(): void {
    this.learn()
    if (this.clash === undefined) return
    const [replica, other] = [SELF, this.clash].map((index) => this.context.id(index))
    throw new JoineryError(
      'REPLICA_CLASHES',
      'another replica has the number that texts and lists would know this one by: write from a new replica',
      { replica: replicaName(replica ?? 0n), other: replicaName(other ?? 0n) },
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
