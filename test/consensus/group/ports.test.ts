import { setTimeout as sleep } from 'node:timers/promises'
import { fairWeather, GroupNetwork } from '#test/simulation/group-network.ts'
import { Random } from '#test/simulation/random.ts'
import { memberClock } from '#test/simulation/simulated-member.ts'
import { VirtualClock } from '#test/simulation/virtual-clock.ts'
import { describeGroupClock } from '#test/suites/group-clock.ts'
import { describeGroupTransport, type TransportPair } from '#test/suites/group-transport.ts'
import { describeRandomness } from '#test/suites/randomness.ts'

function simulatedPair(): TransportPair {
  const clock = new VirtualClock()
  const network = new GroupNetwork(clock, new Random(1), fairWeather)
  const arrived = new Map<number, { from: number; bytes: Uint8Array }[]>()
  const partsSent = new Map<number, { to: number; ok: boolean }[]>()
  for (const id of [1, 2]) {
    arrived.set(id, [])
    partsSent.set(id, [])
    network.attach(id, {
      receive: (from, bytes) => void arrived.get(id)!.push({ from, bytes }),
      partSent: (to, ok) => void partsSent.get(id)!.push({ to, ok }),
    })
  }
  const transport = (id: number) => ({
    send: (to: number, bytes: Uint8Array, isBulk: boolean) => network.send(id, to, bytes, isBulk),
  })
  return {
    transportByMember: new Map([1, 2].map((id) => [id, transport(id)])),
    arrived: (id) => arrived.get(id)!,
    partsSent: (id) => partsSent.get(id)!,
    settle: async () => clock.run(10_000),
    cut: () => network.cut(1, 2),
    close: async () => {},
  }
}

describeGroupTransport('The simulated network', async () => simulatedPair())

describeGroupClock('Virtual time', () => {
  const clock = new VirtualClock()
  return {
    clock: memberClock(clock, { drift: 0.01, wallSkewMs: 0 }),
    pass: async (durationMs) => clock.run(durationMs),
  }
})

describeGroupClock('The clock of the process', () => ({
  clock: { monotonicMs: () => performance.now(), wallMs: () => Date.now() },
  pass: async (durationMs) => await sleep(durationMs),
}))

describeRandomness('A seeded source', () => {
  const random = new Random(5)
  return () => random.next()
})

describeRandomness('The randomness of the process', () => Math.random)
