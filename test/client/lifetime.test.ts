import assert from 'node:assert/strict'
import { GatewayRig } from '#test/fixtures/gateway-rig.ts'
import { ProgramProcess } from '#test/fixtures/program-process.ts'

describe('A short function', () => {
  const rig = new GatewayRig()
  afterEach(() => rig.end())

  it('comes to its end as soon as it has closed its client', async () => {
    const { url } = await rig.gateway()
    const program = new ProgramProcess('test/fixtures/short-function.ts', [url])
    await program.prints(/closed/)
    const closedAtMs = performance.now()
    assert.equal((await program.ended()).exitCode, 0, program.stderr)
    assert.ok(performance.now() - closedAtMs < 1000)
  })
})
