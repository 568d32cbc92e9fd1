// What the kernel does to packets within a peer's own network, by nftables and traffic control.
import { execFileSync } from 'node:child_process'
import type { Network } from '#test/nemesis/network.ts'

/** Programs that change traffic, besides `ip`. */
export type Tool = 'nft' | 'tc'

const table = `table inet joinery {
  set unheard { type ipv4_addr; }
  chain loss { }
  chain input { type filter hook input priority 0; ip saddr @unheard drop; jump loss; }
  chain away { type nat hook output priority -100; }
}`

/** Changes what arrives at peers, and what leaves them. */
export class Traffic {
  /** Why a tool is of no use here. */
  readonly problems: ReadonlyMap<Tool, string>
  readonly #network: Network
  /** How many times over each pair is muted: faults overlap. */
  readonly #mutes = new Map<string, number>()

  constructor(network: Network, networks: number) {
    this.#network = network
    this.problems = this.#probe(networks)
  }

  /** From now on nothing that `from` sends is heard at `at`, by nft. */
  mute(at: number, from: number): void {
    if (this.#countMute(at, from, 1) === 1) this.#muted('add', at, from)
  }

  unmute(at: number, from: number): void {
    if (this.#countMute(at, from, -1) === 0) this.#muted('delete', at, from)
  }

  /** So many percent of what arrives there is lost, by chance. */
  lose(at: number, percent: number): void {
    this.#nft(at, `add rule inet joinery loss numgen random mod 100 < ${percent} drop`)
  }

  loseNone(at: number): void {
    this.#nft(at, 'flush chain inet joinery loss')
  }

  /** What leaves there is slowed down to a rate. */
  slow(at: number, megabits: number): void {
    const bucket = ['rate', `${megabits}mbit`, 'burst', '32kb', 'latency', '300ms']
    this.#run(at, 'tc', 'qdisc', 'add', 'dev', this.#network.deviceOf(at), 'root', 'tbf', ...bucket)
  }

  slowNoMore(at: number): void {
    this.#run(at, 'tc', 'qdisc', 'del', 'dev', this.#network.deviceOf(at), 'root')
  }

  /** An address more, for a program that is not to be led astray. */
  addAddress(at: number, address: string): void {
    this.#run(at, 'ip', 'addr', 'replace', `${address}/24`, 'dev', this.#network.deviceOf(at))
  }

  /** New connections to there go to a port of the peer's own network instead, unless they come from `except`. */
  redirect(
    at: number,
    { host, port }: { readonly host: string; readonly port: number },
    to: { readonly port: number; readonly except: string },
  ): void {
    const which = `ip saddr != ${to.except} ip daddr ${host} tcp dport ${port}`
    this.#nft(at, `add rule inet joinery away ${which} redirect to :${to.port}`)
  }

  redirectNone(at: number): void {
    this.#nft(at, 'flush chain inet joinery away')
  }

  /** Tries each kind of change once, and leaves what all of them need. */
  #probe(networks: number): Map<Tool, string> {
    const problems = new Map<Tool, string>()
    const attempt = (tool: Tool, work: () => void): void => {
      try {
        work()
      } catch (error) {
        problems.set(tool, String(error).trim().split('\n').at(-1) ?? '')
      }
    }
    attempt('nft', () => {
      for (let at = 0; at < networks; at++) this.#nft(at, table)
      this.lose(0, 5)
      this.loseNone(0)
      this.redirect(0, { host: '127.0.0.1', port: 9 }, { port: 9, except: '127.0.0.2' })
      this.redirectNone(0)
    })
    attempt('tc', () => {
      this.slow(0, 1)
      this.slowNoMore(0)
    })
    return problems
  }

  #countMute(at: number, from: number, more: number): number {
    const pair = `${at} ${from}`
    const count = (this.#mutes.get(pair) ?? 0) + more
    this.#mutes.set(pair, count)
    return count
  }

  #muted(verb: 'add' | 'delete', at: number, from: number): void {
    const address = this.#network.addressOf(from)
    this.#nft(at, `${verb} element inet joinery unheard { ${address} }`)
  }

  #nft(at: number, commands: string): void {
    this.#run(at, 'nft', commands)
  }

  #run(at: number, ...command: readonly string[]): void {
    const [program = '', ...args] = [...this.#network.prefixOf(at), ...command]
    execFileSync(program, args, { stdio: ['ignore', 'ignore', 'pipe'] })
  }
}
