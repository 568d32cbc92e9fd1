// Strong mode on real processes: voters that are killed, replaced and restarted, and whoever goes on through it.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { GroupSummary } from '@joinery/client/protocol'
import type { PeerOptions } from '#peer/options.ts'
import { eventually } from '#test/eventually.ts'
import { bundle } from '#test/fixtures/bundle.ts'
import { PeerProcess } from './fixtures/peer-process.ts'
import type { Added } from './fixtures/strong-work.ts'
import { freePort } from '#test/bench/free-port.ts'

const program = fileURLToPath(new URL('../../packages/peer/src/program/main.ts', import.meta.url))
const run = promisify(execFile)

describe('strong mode in a cluster of processes', () => {
  let peers: PeerProcess[] = []
  let directories: string[] = []

  afterEach(async () => {
    await Promise.all(peers.map(async (peer) => await peer.kill()))
    await Promise.all(directories.map(async (path) => await rm(path, { recursive: true })))
    peers = []
    directories = []
  })

  async function start(
    groups: PeerOptions,
    bootstrap: readonly string[] = peers[0]?.addresses ?? [],
  ): Promise<PeerProcess> {
    const peer = await PeerProcess.launch()
    peers.push(peer)
    return await peer.start({ bootstrap, groups })
  }

  async function newDirectory(): Promise<string> {
    const path = await mkdtemp(join(tmpdir(), 'joinery-strong-'))
    directories.push(path)
    return path
  }

  async function groupOf(peer: PeerProcess): Promise<GroupSummary> {
    const [group] = await peer.ask<GroupSummary[]>({ kind: 'groups' })
    return group!
  }

  /** Waits until exactly these peers vote. */
  async function voting(...voters: readonly PeerProcess[]): Promise<void> {
    const wanted = voters.map(({ id }) => id).sort()
    await eventually(async () => {
      const { voters: found } = await groupOf(voters[0]!)
      assert.deepEqual(found.map(({ peer }) => peer).sort(), wanted)
    })
  }

  /** Waits until each of these voters has applied what any of them has. */
  async function applied(...voters: readonly PeerProcess[]): Promise<void> {
    await eventually(async () => {
      const groups = await Promise.all(voters.map(groupOf))
      const counts = groups.map((group) => group.applied)
      assert.equal(Math.min(...counts), Math.max(...counts))
    })
  }

  async function leaderAmong(voters: readonly PeerProcess[]): Promise<PeerProcess> {
    const { leader, voters: members } = await groupOf(voters[0]!)
    const peer = members.find(({ node }) => node === leader)?.peer
    return voters.find(({ id }) => id === peer)!
  }

  it('calls go on when the leader is killed, nothing acknowledged is lost, and it is replaced', async () => {
    const options = { votersMax: 3, voterReplaceMs: 1000 }
    const first = await start(options)
    const voters = [
      first,
      ...(await Promise.all([
        start({ ...options, voter: true }),
        start({ ...options, voter: true }),
      ])),
    ]
    const outsider = await start({})
    await voting(...voters)
    for (const peer of peers) await peer.ask({ kind: 'strong-open', space: 'jobs' })

    const leader = await leaderAmong(voters)
    const rest = voters.filter((peer) => peer !== leader)
    const adding = [...rest, outsider]
    for (const peer of adding) await peer.ask({ kind: 'strong', do: 'start-adding' })
    await new Promise((resolve) => setTimeout(resolve, 500))
    await leader.kill()
    await new Promise((resolve) => setTimeout(resolve, 1500))
    // Another one takes its place, without anybody's doing.
    const spare = await start({ ...options, voter: true }, rest[0]!.addresses)
    await voting(spare, ...rest)
    const added = await Promise.all(
      adding.map(async (peer) => await peer.ask<Added>({ kind: 'strong', do: 'stop-adding' })),
    )

    const answers = added.flatMap((one) => one.answers)
    const unknown = added.reduce((sum, one) => sum + one.unknown, 0)
    assert.deepEqual(
      added.flatMap((one) => one.failures),
      [],
    )
    assert.equal(new Set(answers).size, answers.length, 'no addition was answered twice alike')
    const total = await outsider.ask<number>({ kind: 'strong', do: 'read' })
    assert.ok(
      total >= answers.length && total <= answers.length + unknown,
      `${total}, ${answers.length} acknowledged and ${unknown} unknown`,
    )
    for (const { answers: own } of added) {
      assert.ok(own.every((answer, i) => i === 0 || answer > own[i - 1]!))
    }
    const gapMsMax = Math.max(...added.map((one) => one.gapMsMax))
    assert.ok(gapMsMax < 5000, `nobody was answered for ${gapMsMax} ms`)

    // The new group bears the next loss.
    const second = await leaderAmong([spare, ...rest])
    await second.kill()
    const [answer] = await outsider.ask<number[]>({ kind: 'strong', do: 'add', times: 1 })
    assert.equal(answer, total + 1)
  })

  it('carries what was written before along with a barrier, and gives a lock to one at a time', async () => {
    await start({ votersMax: 3 })
    await Promise.all([start({ voter: true }), start({ voter: true }), start({})])
    for (const peer of peers) await peer.ask({ kind: 'strong-open', space: 'jobs' })
    const missing = await Promise.all(
      peers.map(
        async (peer) =>
          await peer.ask<string[]>({ kind: 'strong', do: 'meet', parties: 4, rounds: 15 }),
      ),
    )
    assert.deepEqual(missing.flat(), [])
    const fences = await Promise.all(
      peers.map(
        async (peer) => await peer.ask<string[]>({ kind: 'strong', do: 'locked', times: 10 }),
      ),
    )
    assert.equal(new Set(fences.flat()).size, 40)
  })

  it('a voter that stops hands over, and those that stay go on', async () => {
    const first = await start({ groups: 8 })
    const others = await Promise.all([start({ voter: true }), start({ voter: true })])
    await voting(first, ...others)
    const outsider = await start({})
    await outsider.ask({ kind: 'strong-open', space: 'jobs' })
    await outsider.ask({ kind: 'strong', do: 'spread', times: 20 })
    await first.stop()
    assert.deepEqual(
      await outsider.ask({ kind: 'strong', do: 'spread', times: 20 }),
      Array.from({ length: 20 }, () => 2),
    )
    await others[0].stop()
    assert.deepEqual(
      await outsider.ask({ kind: 'strong', do: 'spread', times: 20 }),
      Array.from({ length: 20 }, () => 3),
      'one voter is left, and has everything',
    )
  })

  it('what was acknowledged survives when all voters are killed, and is recovered from one', async () => {
    const kept = await Promise.all([newDirectory(), newDirectory(), newDirectory()])
    const ports = await Promise.all([freePort(), freePort(), freePort()])
    const voters = ports.map((port, i) => ({
      directory: kept[i]!,
      listen: [`/ip4/127.0.0.1/tcp/${port}`],
    }))
    const first = await start(voters[0]!)
    for (const voter of voters.slice(1)) await start({ ...voter, voter: true })
    await voting(...peers)
    await first.ask({ kind: 'strong-open', space: 'jobs' })
    const answers = await first.ask<number[]>({ kind: 'strong', do: 'add', times: 20 })
    assert.equal(answers.at(-1), 20)
    // The addresses of the others are remembered once a second.
    await new Promise((resolve) => setTimeout(resolve, 1200))
    const before = peers
    peers = []
    await Promise.all(before.map(async (peer) => await peer.kill()))

    // They find each other again, without anybody telling them where.
    for (const voter of voters) await start(voter, [])
    // At once: each waits for what only the dead had.
    await Promise.all(
      [peers[1]!, peers[2]!].map((peer) => peer.ask({ kind: 'strong-open', space: 'jobs' })),
    )
    assert.equal(await peers[2]!.ask({ kind: 'strong', do: 'read' }), 20)
    assert.deepEqual(await peers[1]!.ask({ kind: 'strong', do: 'add', times: 1 }), [21])

    // `recover` has what this one voter had, and a majority without it is enough for an acknowledgement.
    await applied(...peers)
    for (const peer of peers) await peer.kill()
    const main = bundle(program)
    const { stdout } = await run(process.execPath, [main, 'recover', '--directory', kept[0]])
    assert.match(stdout, /new cluster {5}[0-9a-f]{32}/)
    peers = []
    const alone = await start({ directory: kept[0] }, [])
    await alone.ask({ kind: 'strong-open', space: 'jobs' })
    assert.deepEqual(await alone.ask({ kind: 'strong', do: 'add', times: 1 }), [22])
  })
})
