import assert from 'node:assert/strict'
import { fileURLToPath } from 'node:url'
import { eventually } from '#test/eventually.ts'
import { RemoteProcess } from '#test/fixtures/remote-process.ts'
import type { Contents } from './contents.ts'
import type { ControlSample, VoterCommand, VoterSample } from './fixtures/voter.ts'
import { differences } from './verify.ts'

const voterProgram = fileURLToPath(new URL('./fixtures/voter.ts', import.meta.url))
export const voterCount = 3
const settledWithinMs = 60_000

/** Three peers that stay, each in a process of its own, with the space open. */
export class Cluster {
  readonly #voters: RemoteProcess<VoterCommand>[] = []
  readonly #addresses: string[] = []

  static async start(): Promise<Cluster> {
    const cluster = new Cluster()
    try {
      while (cluster.#voters.length < voterCount) await cluster.#startVoter()
    } catch (error) {
      await cluster.end()
      throw error
    }
    return cluster
  }

  /** Of all that stay. */
  get addresses(): readonly string[] {
    return this.#addresses
  }

  async sample(): Promise<readonly VoterSample[]> {
    return await this.#askAll<VoterSample>(() => ({ kind: 'sample' }))
  }

  /** Writes `contents`, a part by each. */
  async fill(contents: Contents): Promise<void> {
    await this.#askAll((part) => ({ kind: 'fill', contents, part, parts: voterCount }))
  }

  /** Waits until nobody is sealed any more. */
  async sealed(): Promise<void> {
    await eventually(async () => {
      for (const { control } of await this.sample()) checkSealed(control)
    }, settledWithinMs)
  }

  /**
   * Waits until nobody is sealed any more, what they deleted is dropped, and all show the same; and gives that, with what is
   * not so in the end.
   */
  async settled(): Promise<{ readonly contents: Contents; readonly problems: readonly string[] }> {
    const problems: string[] = []
    const settled = eventually(async () => {
      for (const { control, total, trimmedEpoch } of await this.sample()) {
        checkSealed(control)
        assert.equal(trimmedEpoch, control.epoch, `${trimmedEpoch} of ${control.epoch} is trimmed`)
        assert.equal(total, (await this.#read())[0]?.total)
      }
    }, settledWithinMs)
    await settled.catch(async (error: unknown) => {
      problems.push(`not settled: ${String(error)}`)
      for (const { settledEpoch, trimmedEpoch, peers, control } of await this.sample()) {
        problems.push(JSON.stringify({ settledEpoch, trimmedEpoch, peers, control }))
      }
    })
    const [contents, ...others] = await this.#read()
    for (const other of others) {
      for (const name of differences(contents!, other)) problems.push(`${name} differs`)
    }
    return { contents: contents!, problems }
  }

  async end(): Promise<void> {
    await Promise.all(this.#voters.map(async (voter) => await voter.kill()))
  }

  async #startVoter(): Promise<void> {
    const voter = new RemoteProcess<VoterCommand>(voterProgram)
    this.#voters.push(voter)
    const bootstrap = [...this.#addresses]
    this.#addresses.push(...(await voter.ask<readonly string[]>({ kind: 'start', bootstrap })))
  }

  async #read(): Promise<readonly Contents[]> {
    return await this.#askAll<Contents>(() => ({ kind: 'read' }))
  }

  async #askAll<T>(commandOf: (part: number) => VoterCommand): Promise<T[]> {
    return await Promise.all(
      this.#voters.map(async (voter, part) => await voter.ask<T>(commandOf(part))),
    )
  }
}

function checkSealed(control: ControlSample | undefined): asserts control is ControlSample {
  assert.equal(control?.sealings, 0, `${control?.sealings} are in sealing`)
  assert.equal(control.usedSlots, voterCount, `${control.usedSlots} slots are in use`)
}
