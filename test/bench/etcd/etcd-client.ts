/*
 * etcd as the benchmark talks to it: the few calls that are measured, over one HTTP/2 connection of grpc-js, with
 * nothing between. Message numbers are those of etcd's rpc.proto and kv.proto, version 3.4.
 */
import { type ChannelCredentials, Client, credentials } from '@grpc/grpc-js'
import { decodeFields, encodeFields, type Field } from './protobuf.ts'

const identity = (message: Buffer): Buffer => message

/** A client of one member. */
export class EtcdClient {
  readonly #client: Client

  constructor(port: number, how: ChannelCredentials = credentials.createInsecure()) {
    this.#client = new Client(`127.0.0.1:${port}`, how)
  }

  /** The member's own id and its leader's: equal at the leader. */
  async status(): Promise<{ readonly member: bigint; readonly leader: bigint }> {
    const answer = decodeFields(await this.#call('/etcdserverpb.Maintenance/Status', []))
    const header = decodeFields(answer.get(1) as Buffer)
    return { member: header.get(2) as bigint, leader: (answer.get(4) as bigint | undefined) ?? 0n }
  }

  async put(key: string, value: string): Promise<void> {
    await this.#call('/etcdserverpb.KV/Put', putFields(key, value))
  }

  /** Linearizable. */
  async get(key: string): Promise<string | undefined> {
    const answer = decodeFields(await this.#call('/etcdserverpb.KV/Range', [[1, key]]))
    const pair = answer.get(2)
    if (!(pair instanceof Buffer)) return undefined
    return (decodeFields(pair).get(5) as Buffer | undefined)?.toString() ?? ''
  }

  /** Puts `value` if the key has the value `expected`. */
  async compareAndPut(key: string, expected: string, value: string): Promise<boolean> {
    // Compare: result EQUAL is 0, and left out; target VALUE is 3.
    return await this.#transact(
      [
        [2, 3],
        [3, key],
        [7, expected],
      ],
      putFields(key, value),
    )
  }

  /** Puts `value` under a lease if there is no such key. */
  async create(key: string, value: string, lease: bigint): Promise<boolean> {
    // Target CREATE is 1; its revision is 0 where there is no key.
    return await this.#transact(
      [
        [2, 1],
        [3, key],
        [5, 0],
      ],
      [...putFields(key, value), [3, lease]],
    )
  }

  async delete(key: string): Promise<void> {
    await this.#call('/etcdserverpb.KV/DeleteRange', [[1, key]])
  }

  async grantLease(seconds: number): Promise<bigint> {
    const answer = decodeFields(await this.#call('/etcdserverpb.Lease/LeaseGrant', [[1, seconds]]))
    return answer.get(2) as bigint
  }

  async revokeLease(lease: bigint): Promise<void> {
    await this.#call('/etcdserverpb.Lease/LeaseRevoke', [[1, lease]])
  }

  close(): void {
    this.#client.close()
  }

  async #transact(compare: readonly Field[], put: readonly Field[]): Promise<boolean> {
    const answer = await this.#call('/etcdserverpb.KV/Txn', [
      [1, compare],
      [2, [[2, put]]],
    ])
    return decodeFields(answer).get(2) === 1n
  }

  async #call(method: string, fields: readonly Field[]): Promise<Buffer> {
    const message = encodeFields(fields)
    return await new Promise((resolve, reject) => {
      this.#client.makeUnaryRequest(method, identity, identity, message, (error, answer) => {
        if (error === null && answer !== undefined) resolve(answer)
        else reject(error ?? new Error(`${method} has no answer`))
      })
    })
  }
}

function putFields(key: string, value: string): Field[] {
  return [
    [1, key],
    [2, value],
  ]
}
