import assert from 'node:assert/strict'
import { GatewayRig } from '#test/fixtures/gateway-rig.ts'
import { ProgramProcess } from '#test/fixtures/program-process.ts'
import { ownMs } from '#test/own-time.ts'

describe('A short function', () => {
  const rig = new GatewayRig()
  afterEach(() => rig.end())

  it('comes to its end as soon as it has closed its client', async () => {
    const { url } = await rig.gateway()
    const program = new ProgramProcess('test/fixtures/short-function.ts', [url])
    const startedAtMs = ownMs()
    await program.prints(/closed/)
    const closedAtMs = ownMs()
    assert.equal((await program.ended()).exitCode, 0, program.stderr)
    // A busy machine takes longer for both.
    const startMs = closedAtMs - startedAtMs
    assert.ok(ownMs() - closedAtMs < 1000 + startMs)
  })
})
