import type { Request } from '@joinery/client/protocol'
import { JoineryError } from '@joinery/crdt-objects'
import { checkSpaceName } from '../spaces/names.ts'
import type { HostInspection, StrongHost } from './host.ts'

/** The answer of an inspection, as plain data whatever objects the host answers with. @throws JoineryError */
export function answerInspection(
  inspect: HostInspection,
  { subject, space }: Request & { kind: 'inspect' },
  strong?: StrongHost,
): readonly object[] | Promise<readonly object[]> {
  switch (subject) {
    case 'groups':
      return strong?.groups() ?? []
    case 'strong-objects':
      checkSpaceName(space)
      return strong?.objects(space) ?? []
    case 'spaces':
      return inspect.spaces().map((summary) => ({ ...summary }))
    case 'peers':
      return inspect.peers().map((summary) => ({ ...summary }))
    case 'objects': {
      if (inspect.spaces().some(({ name }) => name === space))
        return inspect.objects(space).map((summary) => ({ ...summary }))
      const message = `The gateway's peer holds no space "${space}".`
      throw new JoineryError('OBJECT_NOT_FOUND', message, { space, name: '' })
    }
  }
}
