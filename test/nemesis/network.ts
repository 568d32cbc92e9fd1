// Networks of one machine, one for each peer, joined by a bridge: links that can be cut.
import { execFileSync } from 'node:child_process'

/** Makes them, cuts them, and removes them. */
export interface Network {
  /** The address of a peer's own network. */
  addressOf(peer: number): string
  /** Goes before a program that runs there. */
  prefixOf(peer: number): readonly string[]
  /** The end of the link that is in a peer's own network. */
  deviceOf(peer: number): string
  /** Cuts the link of one peer: it hears nobody, and nobody hears it. */
  cut(peer: number): void
  mend(peer: number): void
  /** From now on nothing that `from` sends arrives at `to`. */
  block(from: number, to: number): void
  unblock(from: number, to: number): void
  /** Drops what the system would still send for processes that have ended there, as the end of a machine does. */
  forgetSockets(peer: number): void
  remove(): void
}

/** Why networks of one's own cannot be had here; undefined if they can. */
export function networkProblem(): string | undefined {
  if (process.platform !== 'linux') return 'network namespaces are of Linux'
  if (process.getuid?.() !== 0) return 'network namespaces need root'
  try {
    const name = `joinery-try-${process.pid}`
    ip('netns', 'add', name)
    ip('netns', 'del', name)
    return undefined
  } catch (error) {
    return `network namespaces cannot be made here: ${String(error).split('\n')[0]}`
  }
}

/** One network for each of `peers`, and a bridge at which this process has an address. */
export function makeNetwork(peers: number): Network {
  const tag = process.pid % 100_000
  const bridge = `jnb${tag}`
  const subnet = `10.${77 + (process.pid % 100)}.${(process.pid >> 7) % 256}`
  const space = (peer: number): string => `jn${tag}-${peer}`
  const outside = (peer: number): string => `jno${tag}-${peer}`
  const inside = (peer: number): string => `jni${tag}-${peer}`
  const addressOf = (peer: number): string => `${subnet}.${peer + 1}`
  const route = (verb: 'replace' | 'del', from: number, to: number): void =>
    ip('netns', 'exec', space(from), 'ip', 'route', verb, 'blackhole', `${addressOf(to)}/32`)

  const network: Network = {
    addressOf,
    prefixOf: (peer) => ['ip', 'netns', 'exec', space(peer)],
    deviceOf: inside,
    cut: (peer) => ip('link', 'set', outside(peer), 'down'),
    mend: (peer) => ip('link', 'set', outside(peer), 'up'),
    block: (from, to) => route('replace', from, to),
    unblock: (from, to) => route('del', from, to),
    forgetSockets: (peer) =>
      ip('netns', 'exec', space(peer), 'ss', '--kill', '--tcp', 'state', 'connected'),
    remove: () => {
      for (let peer = 0; peer < peers; peer++) {
        // Its end of the link goes with it.
        attempt('netns', 'del', space(peer))
        attempt('link', 'del', outside(peer))
      }
      attempt('link', 'del', bridge)
    },
  }
  try {
    ip('link', 'add', bridge, 'type', 'bridge')
    ip('addr', 'add', `${subnet}.254/24`, 'dev', bridge)
    ip('link', 'set', bridge, 'up')
    for (let peer = 0; peer < peers; peer++) {
      ip('netns', 'add', space(peer))
      ip('link', 'add', outside(peer), 'type', 'veth', 'peer', 'name', inside(peer))
      ip('link', 'set', inside(peer), 'netns', space(peer))
      ip('link', 'set', outside(peer), 'master', bridge, 'up')
      const within = ['-n', space(peer)]
      ip(...within, 'addr', 'add', `${addressOf(peer)}/24`, 'dev', inside(peer))
      ip(...within, 'link', 'set', inside(peer), 'up')
      ip(...within, 'link', 'set', 'lo', 'up')
    }
  } catch (error) {
    network.remove()
    throw error
  }
  return network
}

/** All peers on the loopback interface: nothing can be cut. */
export function loopback(): Network {
  const refuse = (): never => {
    throw new Error('the loopback interface cannot be cut')
  }
  return {
    addressOf: () => '127.0.0.1',
    prefixOf: () => [],
    ...{ deviceOf: refuse, cut: refuse, mend: refuse, block: refuse, unblock: refuse },
    forgetSockets: refuse,
    remove: () => undefined,
  }
}

function ip(...args: readonly string[]): void {
  execFileSync('ip', args, { stdio: ['ignore', 'ignore', 'pipe'] })
}

function attempt(...args: readonly string[]): void {
  try {
    ip(...args)
  } catch {
    // It was not there.
  }
}
