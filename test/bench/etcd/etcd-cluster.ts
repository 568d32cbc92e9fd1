import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from '../free-port.ts'
import { EtcdClient } from './etcd-client.ts'

/** A running cluster of three members, on free ports of loopback. */
export interface EtcdCluster extends AsyncDisposable {
  /** Where its leader takes clients. */
  readonly leaderPort: number
}

interface Member {
  readonly name: string
  readonly clientPort: number
  readonly peerPort: number
}

const startMsMax = 20_000

/**
 * Starts three members and waits until they have a leader. The leader runs on core `cores[0]`, the others on
 * `cores[1]`, as our own peers do beside it. With `fsync` false nothing waits for the disk.
 */
export async function startEtcd(
  file: string,
  how: {
    readonly fsync: boolean
    readonly cores: readonly [number | undefined, number | undefined]
    /** A directory on the disk that is measured. */
    readonly directory: string
  },
): Promise<EtcdCluster> {
  const data = mkdtempSync(join(how.directory, 'etcd-'))
  const members: Member[] = []
  for (const name of ['a', 'b', 'c']) {
    members.push({ name, clientPort: await freePort(), peerPort: await freePort() })
  }
  const children = members.map((member) =>
    spawn(file, argumentsOf(member, members, join(data, member.name), how.fsync), {
      stdio: 'ignore',
      env: { ...process.env, ETCD_UNSUPPORTED_ARCH: '' },
    }),
  )
  const stop = async (): Promise<void> => {
    await Promise.all(children.map(end))
    rmSync(data, { recursive: true, force: true })
  }
  try {
    const leader = await leaderOf(members)
    for (const [i, { pid }] of children.entries()) pin(pid, how.cores[i === leader ? 0 : 1])
    return { leaderPort: members[leader]!.clientPort, [Symbol.asyncDispose]: stop }
  } catch (error) {
    await stop()
    throw error
  }
}

function argumentsOf(
  { name, clientPort, peerPort }: Member,
  members: readonly Member[],
  directory: string,
  fsync: boolean,
): string[] {
  const client = `http://127.0.0.1:${clientPort}`
  const peer = `http://127.0.0.1:${peerPort}`
  const all = members.map((each) => `${each.name}=http://127.0.0.1:${each.peerPort}`).join(',')
  return [
    ...['--name', name, '--data-dir', directory, '--logger', 'zap', '--log-level', 'error'],
    ...['--listen-client-urls', client, '--advertise-client-urls', client],
    ...['--listen-peer-urls', peer, '--initial-advertise-peer-urls', peer],
    ...['--initial-cluster', all, '--initial-cluster-state', 'new'],
    ...(fsync ? [] : ['--unsafe-no-fsync']),
  ]
}

/** Which member leads, once all agree that one does. */
async function leaderOf(members: readonly Member[]): Promise<number> {
  const endMs = performance.now() + startMsMax
  const clients = members.map(({ clientPort }) => new EtcdClient(clientPort))
  try {
    for (;;) {
      const states = await Promise.all(
        clients.map((client) => client.status().catch(() => undefined)),
      )
      const leader = states.findIndex(
        (state) => state !== undefined && state.member === state.leader,
      )
      const agreed = states[leader]?.leader
      if (leader >= 0 && states.every((state) => state?.leader === agreed)) return leader
      if (performance.now() > endMs) throw new Error('etcd has no leader')
      await sleep(100)
    }
  } finally {
    for (const client of clients) client.close()
  }
}

function pin(pid: number | undefined, core: number | undefined): void {
  if (pid === undefined || core === undefined) return
  // All of its threads.
  execFileSync('taskset', ['--all-tasks', '--pid', '--cpu-list', `${core}`, `${pid}`], {
    stdio: 'ignore',
  })
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  child.kill('SIGKILL')
  await exited
}
