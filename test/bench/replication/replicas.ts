import { Program } from '../program.ts'
import { type PeerReady } from '../programs/peer.ts'
import { type ReplicaCommand, type ReplicaOptions } from '../programs/replica.ts'

export type Adapter = ReplicaOptions['dissemination']

/** Processes with a peer each, which have the same space open. */
export class Replicas implements AsyncDisposable {
  readonly programs: readonly Program[]

  private constructor(programs: readonly Program[]) {
    this.programs = programs
  }

  static async start(count: number, dissemination: Adapter): Promise<Replicas> {
    const programs: Program[] = []
    let bootstrap: readonly string[] | undefined
    for (let number = 0; number < count; number++) {
      const options: ReplicaOptions = {
        name: `peer-${number}`,
        dissemination,
        ...(bootstrap && { bootstrap }),
      }
      const [program, { addresses }] = await Program.start<PeerReady>('replica', undefined, options)
      programs.push(program)
      bootstrap ??= addresses
    }
    return new Replicas(programs)
  }

  /** Tells all of them the same, at once. */
  async askAll<Answer>(command: ReplicaCommand): Promise<Answer[]> {
    return await Promise.all(this.programs.map((program) => program.ask<Answer>(command)))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.programs.map((program) => program[Symbol.asyncDispose]()))
  }
}
