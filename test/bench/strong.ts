import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Benchmark, type Regime, type Size, type Surroundings } from './benchmark.ts'
import { startEtcd } from './etcd/etcd-cluster.ts'
import { type Row } from './figure.ts'
import { Program } from './program.ts'
import { type ParkResult, type VoterReady } from './programs/strong-peer.ts'
import { type EtcdVerb, type StrongVerb } from './programs/strong-load.ts'
import {
  etcdPlan,
  ourPlan,
  planOf,
  type Results,
  runPlan,
  type SideName,
  strongRows,
} from './strong-figures.ts'

/** Where logs are kept: beside the rest of the repository, and not where the system may keep files in memory. */
const scratch = fileURLToPath(new URL('../../node_modules/.cache/joinery-bench/', import.meta.url))

/** Locks, counters and conditional writes in one order, against etcd. */
export const strong: Benchmark = {
  name: 'strong',
  title: 'In strong mode',
  method:
    'Three voters in three processes, against three members of etcd and a client of its own on @grpc/grpc-js, ' +
    'connected to the leader; all on loopback. "In memory": our voters keep no files, etcd runs with ' +
    '`--unsafe-no-fsync`; "synced": both sync every write to the same disk before it counts. "Embedded": the ' +
    'caller is in the leader\'s process; "remote": a process of its own, through the gateway of the leader\'s peer. ' +
    'Pinned to one core: the caller and the leader; to two: the caller to the first, the leader to the second. The ' +
    'two followers share the core that the leader does not have. Values of 64 bytes, 1,000 keys, 64 locks; each ' +
    'answer is awaited. etcd knows no addition: 16 clients on one number are compared with its plain puts to one key, ' +
    'and shown beside a loop of reads and conditional puts.',
  async run(surroundings) {
    const rows: Row[] = []
    const durabilities = ['in memory', 'synced'] as const
    for (const durability of surroundings.size === 'tiny' ? [durabilities[0]] : durabilities) {
      for (const regime of surroundings.regimes) {
        const sides = await measureSides(surroundings, regime, durability === 'synced')
        rows.push(...strongRows(`${regime.name}, ${durability}`, durability, sides))
      }
    }
    rows.push(await measureParking(surroundings))
    return rows
  },
}

async function measureSides(
  { etcd, size }: Surroundings,
  { cores }: Regime,
  fsync: boolean,
): Promise<ReadonlyMap<SideName, Results>> {
  const sides = new Map<SideName, Results>()
  {
    await using voters = await startVoters(cores, fsync)
    // It has the space open from now on, and takes what is flushed.
    await voters.follower.ask({ kind: 'load', verb: 'get', inFlight: 1, count: 1 })
    sides.set('embedded', await voters.run(voters.leader, size))
    sides.set('from a follower', await voters.run(voters.follower, size))
    const [client] = await Program.start('strong-client', cores[0], { url: voters.gatewayUrl })
    await using _client = client
    sides.set('remote', await runPlan<StrongVerb>(client, planOf(ourPlan, size, fsync)))
  }
  if (etcd === undefined) return sides
  // Like the voters: the leader has a core, and the others the other one.
  const [first, second] = cores
  const others = second === first ? otherCore(first) : first
  await using cluster = await startEtcd(etcd, {
    ...{ fsync, cores: [second, others], directory: scratch },
  })
  const [client] = await Program.start('etcd-client', first, { port: cluster.leaderPort })
  await using _client = client
  sides.set('etcd', await runPlan<EtcdVerb>(client, planOf(etcdPlan, size, fsync)))
  return sides
}

/** The core beside `core` on a machine of two; undefined where nothing is pinned. */
function otherCore(core: number | undefined): number | undefined {
  return core === undefined ? undefined : core % 2 === 0 ? core + 1 : core - 1
}

/** Three voters, each its own process; the first founded the cluster, and leads. */
class Voters implements AsyncDisposable {
  readonly leader: Program
  readonly follower: Program
  readonly gatewayUrl: string
  readonly #fsync: boolean
  readonly #all: readonly Program[]
  readonly #directory: string | undefined

  constructor(programs: readonly Program[], gatewayUrl: string, directory: string | undefined) {
    this.leader = programs[0]!
    this.follower = programs[1]!
    this.gatewayUrl = gatewayUrl
    this.#fsync = directory !== undefined
    this.#all = programs
    this.#directory = directory
  }

  async run(program: Program, size: Size): Promise<Results> {
    const plan = planOf(ourPlan, size, this.#fsync)
    return await runPlan(program, plan, { kind: 'load' })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#all.map((each) => each[Symbol.asyncDispose]()))
    if (this.#directory !== undefined) rmSync(this.#directory, { recursive: true, force: true })
  }
}

async function startVoters(
  [first, second]: Regime['cores'],
  fsync: boolean,
  flags: readonly string[] = [],
): Promise<Voters> {
  mkdirSync(scratch, { recursive: true })
  const directory = fsync ? mkdtempSync(join(scratch, 'voters-')) : undefined
  const others = second === first ? otherCore(first) : first
  const programs: Program[] = []
  const start = async (core: number | undefined, bootstrap?: readonly string[]) => {
    const own = directory === undefined ? undefined : join(directory, `${programs.length}`)
    const options = { bootstrap, directory: own }
    const [program, ready] = await Program.start<VoterReady>('strong-peer', core, options, flags)
    programs.push(program)
    return ready
  }
  const { addresses, gatewayUrl } = await start(second)
  await start(others, addresses)
  await start(others, addresses)
  await programs[0]!.ask({ kind: 'await-voters', voters: 3 })
  return new Voters(programs, gatewayUrl, directory)
}

async function measureParking({ size, regimes }: Surroundings): Promise<Row> {
  const waiters = size === 'tiny' ? 100 : 10_000
  const regime = regimes.at(-1)!
  await using voters = await startVoters(regime.cores, false, ['--expose-gc'])
  const { releaseMs, bytesPerWaiter } = await voters.leader.ask<ParkResult>({
    ...{ kind: 'park', waiters },
  })
  return {
    subject: `${waiters.toLocaleString('en')} waiters at one barrier, let go`,
    regime: `${regime.name}, in memory`,
    ours: `${releaseMs.toFixed(0)} ms, ${(bytesPerWaiter / 1000).toFixed(1)} kB a waiter in the leader's process`,
    measured: releaseMs / 1000,
    goal: { atMost: 2, unit: 's' },
  }
}
