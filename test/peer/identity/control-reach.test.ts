import { strict as assert } from 'node:assert'
import type { Outcome } from '@joinery/consensus/caller'
import type { GroupRequest } from '#peer/groups/group-request.ts'
import { ControlClient } from '#peer/identity/control-client.ts'
import { controlDescriptor, controlPlace } from '#peer/identity/control-object.ts'
import { encodeControlCommand, encodeViewRequest } from '#peer/identity/control-wire-codec.ts'
import { GroupRig, type RigPeer } from '#test/fixtures/group-rig.ts'

const { space, name, group } = controlPlace
const args = [encodeViewRequest({ kind: 'view', space: 's', member: 1n, epoch: 0 })]

describe('The control state in a group of peers', () => {
  const rig = new GroupRig()
  let peer: RigPeer
  let client: ControlClient
  let object: number

  before(async () => {
    peer = await rig.add('a', { groups: 2 })
    client = new ControlClient(peer.objects.caller)
    await client.ask({ kind: 'found', space: 's', keepers: 1, durability: 1 })
    object = (await peer.log.openObject(space, name, controlDescriptor())).object
  })

  after(async () => {
    await peer.objects.close()
    await rig.stop()
  })

  function asked(request: Extract<GroupRequest, { kind: 'submit' | 'read' }>): Promise<Outcome> {
    return new Promise((resolve, reject) => {
      peer.log.ask(request, { answered: resolve, failed: reject })
    })
  }

  it('is one, in the first group, and no user can have another', async () => {
    assert.equal((await peer.log.openObject(space, name, controlDescriptor())).group, group)
    const spaced = controlDescriptor().replace('[', '[ ')
    for (const descriptor of [controlDescriptor(), spaced]) {
      const opened = peer.log.openObject('jobs', 'mine', descriptor)
      await assert.rejects(opened, { code: 'OBJECT_TYPE_UNKNOWN' })
    }
  })

  it('is alone in its space', async () => {
    const opened = peer.log.openObject(space, 'other', '["counter"]')
    await assert.rejects(opened, { code: 'OBJECT_TYPE_UNKNOWN' })
  })

  it('is there to stay', async () => {
    await assert.rejects(peer.log.deleteObject(space, name), { code: 'VALUE_INVALID' })
    const ended = asked({ kind: 'submit', group, command: { kind: 'end-space', space } })
    await assert.rejects(ended, { code: 'VALUE_INVALID' })
  })

  it('answers no client of a gateway, whatever number it guesses', async () => {
    const query = { object, path: [], method: 'view', args }
    const read = { kind: 'read', group, query } as const
    assert.equal((await asked(read)).kind, 'done')
    await assert.rejects(asked({ ...read, isForClient: true }), { code: 'VALUE_INVALID' })
    const session = await client.openSession()
    const bytes = encodeControlCommand({ kind: 'end-space', space: 's' })
    const command = {
      ...({ kind: 'call', session, sequence: 1_000, acknowledged: 0 } as const),
      ...{ object, path: [], method: 'command', args: [bytes] },
    }
    const submit = { kind: 'submit', group, command, isForClient: true } as const
    await assert.rejects(asked(submit), { code: 'VALUE_INVALID' })
    assert.equal((await asked(read)).kind, 'done')
    const found = { kind: 'found', space: 's', keepers: 2, durability: 1 } as const
    assert.equal((await client.ask(found)).kind, 'refused', 'the space is there')
  })
})
