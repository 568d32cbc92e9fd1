import { randomBytes } from 'node:crypto'
import { FunctionProcess } from './function-process.ts'
import type { Done } from './messages.ts'

/** A container, and where it can be reached. */
export interface Container {
  readonly process: FunctionProcess
  readonly addresses: readonly string[]
  readonly gatewayUrl: string
}

/** The processes of one run. */
export class Cluster {
  readonly containers: Container[] = []
  readonly #rows: number
  readonly #count: number
  readonly #processes = new Set<FunctionProcess>()
  #started = 0
  #stopped = false
  // Who knows the key is a member. It goes from hand to hand in the environment: command lines are public.
  readonly #clusterKey = randomBytes(32).toString('hex')

  /** Of so many containers at a time. */
  constructor(rows: number, count: number) {
    this.#rows = rows
    this.#count = count
  }

  get size(): number {
    return this.#count
  }

  /** Starts the containers: the first founds the cluster, the others find it by the first one's address. */
  async start(): Promise<void> {
    await this.startContainer()
    await Promise.all(
      Array.from({ length: this.#count - 1 }, async () => await this.startContainer()),
    )
  }

  /** Starts one container more, in the cluster of those that are there. */
  async startContainer(): Promise<Container> {
    const bootstrap = this.containers[0]?.addresses ?? []
    const env = { JOINERY_CLUSTER_KEY: this.#clusterKey }
    const name = `container-${++this.#started}`
    const process = this.#startProcess(name, 'container', bootstrap, env)
    const { addresses, gatewayUrl } = await process.reply('ready')
    const container = { process, addresses, gatewayUrl }
    this.containers.push(container)
    this.containers.sort((a, b) => a.process.name.localeCompare(b.process.name))
    return container
  }

  /** Runs a short-lived function: a process that counts through a gateway, and ends. */
  async run(name: string, gatewayUrl: string): Promise<Done> {
    const short = this.#startProcess(name, 'worker', [gatewayUrl], {})
    const { done } = await short.reply('counted')
    await short.end()
    this.#processes.delete(short)
    return done
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

  #startProcess(
    name: string,
    program: string,
    args: readonly string[],
    env: NodeJS.ProcessEnv,
  ): FunctionProcess {
    if (this.#stopped) throw new Error(`the job is over: ${name} is not started`)
    const own = { ...process.env, ...env }
    const all = [name, `${this.#rows}`, `${this.#count}`, ...args]
    const started = new FunctionProcess(name, program, all, own)
    this.#processes.add(started)
    return started
  }
}
