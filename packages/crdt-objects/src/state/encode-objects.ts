import { BatchWriter } from '../codec/batch-writer.ts'
import { encodeFramed } from './batch-codec.ts'
import type { ReplicaContext } from './context.ts'
import type { ObjectState } from './object-state.ts'

/** The vector of a replica, every descriptor, and the state of these objects, until it takes `bytesMin`. */
export function encodeObjects(
  context: ReplicaContext,
  objects: Iterator<ObjectState>,
  { canonical = false, bytesMin = Infinity } = {},
): Uint8Array {
  const batch = new BatchWriter(context).begin(0, context.clock.latest, canonical)
  let count = 0
  while (batch.body.length < bytesMin) {
    const next = objects.next()
    if (next.done === true) break
    const object = next.value
    // Empty ones too: batches after this state name them without saying again what they are.
    if (!object.shared) continue
    encodeObject(batch, object)
    count++
  }
  // All that are sealed, and not settled: what is encoded elsewhere may name them.
  for (const [index, sealedIn] of context.sealedIn.entries()) if (sealedIn > 0) batch.row(index)
  return encodeFramed(context, batch, {
    ...{ shape: 'state', objects: count },
    ...{ first: 0, last: 0, vector: [...context.reaches()] },
  })
}

function encodeObject(batch: BatchWriter, object: ObjectState): void {
  batch.body.raw(object.identity)
  batch.body.text(object.descriptor)
  const { olderDescriptors } = object
  batch.body.varint(olderDescriptors.length)
  for (const descriptor of olderDescriptors) batch.body.text(descriptor)
  object.encodeWhole(batch)
}
