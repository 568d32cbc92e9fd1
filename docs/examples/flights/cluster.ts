import { randomBytes } from 'node:crypto'
import type { Partition } from './data.ts'
import { FunctionProcess } from './function-process.ts'
import type { Counted, Ready, Sent } from './messages.ts'

/** A container, where it can be reached, and what its peer was last known to have sent. */
export interface Container {
  readonly process: FunctionProcess
  readonly gatewayUrl: string
  sent: Sent
}

/** The processes of one run. */
export class Cluster {
  readonly containers: Container[] = []
  readonly #rows: number
  readonly #processes = new Set<FunctionProcess>()
  #stopped = false
  // Who knows the key is a member. It goes from hand to hand in the environment: command lines are public.
  readonly #clusterKey = randomBytes(32).toString('hex')

  constructor(rows: number) {
    this.#rows = rows
  }

  /** Starts `count` containers: the first founds the cluster, the others find it by the first one's address. */
  async start(count: number): Promise<void> {
    const bootstrap = await this.#startContainer('container-1', [])
    await Promise.all(
      Array.from({ length: count - 1 }, async (_, i) => {
        await this.#startContainer(`container-${i + 2}`, bootstrap.addresses)
      }),
    )
    this.containers.sort((a, b) => a.process.name.localeCompare(b.process.name))
  }

  /** Has a container count a partition. Afterwards at least one other replica holds what it wrote. */
  async count(container: Container, partition: Partition): Promise<Counted> {
    const counted = await container.process.ask({ kind: 'count', partition }, 'counted')
    if (counted.sent !== undefined) container.sent = counted.sent
    return counted
  }

  /** Runs a short-lived function: a process that counts one partition through a gateway, and ends. */
  async run(name: string, partition: Partition, gatewayUrl: string): Promise<Counted> {
    const part = [partition.name, `${partition.first}`, `${partition.step}`]
    const short = this.#startProcess(name, './worker.ts', [gatewayUrl, ...part], {})
    const counted = await short.reply('counted')
    await short.end()
    this.#processes.delete(short)
    return counted
  }

  /** Kills a container as a host kills one that has used up its memory. */
  async kill(container: Container): Promise<void> {
    await container.process.kill()
    this.#processes.delete(container.process)
    this.containers.splice(this.containers.indexOf(container), 1)
  }

  /** Ends every process that is left, and waits until it has. No other can be started from then on. */
  async stop(): Promise<void> {
    this.#stopped = true
    const containers = new Set(this.containers.map((each) => each.process))
    await Promise.all(
      [...this.#processes].map(async (each) => {
        await (containers.has(each) ? each.stop() : each.kill())
      }),
    )
    this.#processes.clear()
  }

  async #startContainer(name: string, bootstrap: readonly string[]): Promise<Ready> {
    const env = { JOINERY_CLUSTER_KEY: this.#clusterKey }
    const process = this.#startProcess(name, './container.ts', bootstrap, env)
    const ready = await process.reply('ready')
    const sent = { updates: 0, batches: 0, bytes: 0 }
    this.containers.push({ process, gatewayUrl: ready.gatewayUrl, sent })
    return ready
  }

  #startProcess(
    name: string,
    script: string,
    args: readonly string[],
    env: NodeJS.ProcessEnv,
  ): FunctionProcess {
    if (this.#stopped) throw new Error(`the job is over: ${name} is not started`)
    const own = { ...process.env, ...env }
    const started = new FunctionProcess(name, script, [name, `${this.#rows}`, ...args], own)
    this.#processes.add(started)
    return started
  }
}
