import { readLifetime, Reader, writeLifetime, Writer } from '@joinery/crdt-objects/engine'
import { type ControlLimits, type EpochRecord, type SealRecord } from './control-contract.ts'
import { ControlState } from './control-state.ts'
import { type KeeperSet } from './keeper-set.ts'
import { type Slot } from './slot-table.ts'
import { type Beginning, type Founding, type Sealing, SpaceControl } from './space-control.ts'

const VERSION = 1
const statuses = ['free', 'leased', 'sealing'] as const

/** The least bytes that one of each takes: a count beyond what can follow is refused before anything is made. */
const bytesEach = {
  space: 24,
  unswept: 2,
  slot: 13,
  sealing: 6,
  report: 9,
  record: 3,
  seal: 9,
  born: 8,
  grave: 10,
} as const

/** Encodes the whole state, for a snapshot of the group; `decodeControlState` is the inverse. */
export function encodeControlState(state: ControlState): Uint8Array {
  const writer = new Writer(1024)
  writer.byte(VERSION)
  writer.varint(state.endedSessions.size)
  for (const session of state.endedSessions) writer.text(session)
  writeBeginning(writer, state.beginning)
  writer.varint(state.spaceByName.size)
  for (const space of state.spaceByName.values()) writeSpace(writer, space)
  writer.varint(state.unsweptByName.size)
  for (const [name, generation] of state.unsweptByName) {
    writer.text(name)
    writer.varint(generation)
  }
  return writer.finish()
}

/**
 * Decodes a state.
 *
 * @throws JoineryError ENCODING_INVALID, also for what is beyond `limits`
 */
export function decodeControlState(
  bytes: Uint8Array,
  limits: Partial<ControlLimits> = {},
): ControlState {
  const state = new ControlState(limits)
  const reader = new Reader(bytes)
  const version = reader.byte()
  if (version !== VERSION) reader.fail(`control state version ${version}, expected ${VERSION}`)
  const { spacesMax, endedSessionsMax } = state.limits
  for (let left = count(reader, 1, endedSessionsMax, 'sessions'); left > 0; left--) {
    state.endedSessions.add(reader.text())
  }
  state.beginning = readBeginning(reader)
  for (let left = count(reader, bytesEach.space, spacesMax, 'spaces'); left > 0; left--) {
    const space = readSpace(reader, state.limits)
    if (state.spaceByName.has(space.name)) reader.fail('a space twice')
    state.spaceByName.set(space.name, space)
  }
  const unsweptMax = spacesMax - state.spaceByName.size
  for (let left = count(reader, bytesEach.unswept, unsweptMax, 'ended spaces'); left > 0; left--) {
    const name = reader.text()
    if (state.spaceByName.has(name)) reader.fail('a space that has ended and is there')
    if (state.unsweptByName.has(name)) reader.fail('an ended space twice')
    state.unsweptByName.set(name, reader.varint())
  }
  reader.end()
  return state
}

function count(reader: Reader, bytes: number, most: number, what: string): number {
  const found = reader.count(bytes)
  if (found > most) reader.fail(`${found} ${what}, of ${most} at most`)
  return found
}

function writeBeginning(writer: Writer, beginning: Beginning): void {
  const { slot, revision, generation, epoch } = beginning
  for (const number of [slot, revision, generation, epoch]) writer.varint(number)
}

function readBeginning(reader: Reader): Beginning {
  const [slot, revision] = [reader.varint(), reader.varint()]
  return { slot, revision, generation: reader.varint(), epoch: reader.varint() }
}

function writeFounding(writer: Writer, { generation, atMs, lifetime }: Founding): void {
  writer.varint(generation)
  writer.varint(atMs)
  writeLifetime(writer, lifetime)
}

function readFounding(reader: Reader): Founding {
  const [generation, atMs] = [reader.varint(), reader.varint()]
  return { generation, atMs, lifetime: readLifetime(reader) }
}

function writeSpace(writer: Writer, space: SpaceControl): void {
  writer.text(space.name)
  writeKeepers(writer, space.keepers)
  writeBeginning(writer, {
    slot: space.firstSlot,
    revision: space.revision,
    generation: space.generation,
    epoch: space.epoch,
  })
  writeFounding(writer, space.founding)
  writer.varint(space.rounds)
  writer.varint(space.wordsGiven)
  writer.byte(space.isFounded ? 1 : 0)
  writer.varint(space.slots.length)
  for (const slot of space.slots) writeSlot(writer, slot)
  writer.varint(space.sealingBySlot.size)
  for (const [index, sealing] of space.sealingBySlot) writeSealing(writer, index, sealing)
  writer.varint(space.records.length)
  for (const record of space.records) writeRecord(writer, record)
  writer.varint(space.graveById.size)
  for (const [id, { last, untilMs }] of space.graveById) {
    writer.u64(id)
    writer.varint(last)
    writer.varint(untilMs)
  }
}

function readSpace(reader: Reader, limits: ControlLimits): SpaceControl {
  const [name, keepers, beginning] = [reader.text(), readKeepers(reader), readBeginning(reader)]
  const space = new SpaceControl(name, keepers, beginning, readFounding(reader))
  space.rounds = reader.varint()
  space.wordsGiven = reader.varint()
  space.isFounded = readBit(reader)
  for (let left = count(reader, bytesEach.slot, limits.slotsMax, 'slots'); left > 0; left--) {
    space.addSlot(readSlot(reader))
  }
  for (let left = reader.count(bytesEach.sealing); left > 0; left--) readSealing(reader, space)
  const sealing = space.slots.filter(({ status }) => status === 'sealing').length
  if (sealing !== space.sealingBySlot.size) reader.fail('slots and sealings that differ')
  for (let left = reader.count(bytesEach.record); left > 0; left--) {
    space.records.push(readRecord(reader))
  }
  const graves = count(reader, bytesEach.grave, limits.gravesMax, 'graves')
  for (let left = graves; left > 0; left--) {
    space.graveById.set(reader.u64(), { last: reader.varint(), untilMs: reader.varint() })
  }
  return space
}

function writeKeepers(writer: Writer, set: KeeperSet): void {
  writer.varint(set.version)
  writer.varint(set.wanted)
  writer.varint(set.durability)
  writer.varint(set.keepers.length)
  for (const keeper of set.keepers) writer.u64(keeper)
  writer.byte(set.change === undefined ? 0 : 1)
  if (set.change === undefined) return
  writer.u64(set.change.incoming)
  writer.u64(set.change.outgoing)
}

function readKeepers(reader: Reader): KeeperSet {
  const version = reader.varint()
  const wanted = reader.varint()
  const durability = reader.varint()
  const keepers: bigint[] = []
  for (let left = count(reader, 8, wanted, 'keepers'); left > 0; left--) keepers.push(reader.u64())
  const change = readBit(reader) ? { incoming: reader.u64(), outgoing: reader.u64() } : undefined
  return { version, wanted, durability, keepers, change }
}

function writeSlot(writer: Writer, slot: Slot): void {
  writer.varint(slot.inc)
  writer.byte(statuses.indexOf(slot.status))
  writer.byte(slot.isActive ? 1 : 0)
  writer.varint(slot.epoch)
  writer.varint(slot.settled)
  writer.text(slot.session)
  writer.varint(slot.request)
  writer.varint(slot.number)
  writer.byte(slot.isStable ? 1 : 0)
  writer.byte(slot.isAbandoned ? 1 : 0)
  writer.byte(slot.isUsed ? 1 : 0)
  writer.varint(slot.useNumber)
}

function readSlot(reader: Reader): Slot {
  const inc = reader.varint()
  const status = statuses[reader.byte()] ?? reader.fail('status of a slot')
  const isActive = readBit(reader)
  const epoch = reader.varint()
  const settled = reader.varint()
  const session = reader.text()
  return {
    ...{ inc, status, isActive, epoch, settled, session },
    ...{ request: reader.varint(), number: reader.varint() },
    ...{ isStable: readBit(reader), isAbandoned: readBit(reader) },
    ...{ isUsed: readBit(reader), useNumber: reader.varint() },
  }
}

function writeSealing(writer: Writer, index: number, sealing: Sealing): void {
  writer.varint(index)
  writer.varint(sealing.round)
  // One more than it is, and 0 for none.
  writer.varint(sealing.claimed === undefined ? 0 : sealing.claimed + 1)
  writer.byte(sealing.isForBlocking ? 1 : 0)
  writer.varint(sealing.sinceMs)
  writer.varint(sealing.heldByMember.size)
  for (const [member, held] of sealing.heldByMember) {
    writer.u64(member)
    writer.varint(held)
  }
}

function readSealing(reader: Reader, space: SpaceControl): void {
  const index = reader.varint()
  if (space.slots[index]?.status !== 'sealing') reader.fail('a sealing of a slot that is not in it')
  if (space.sealingBySlot.has(index)) reader.fail('a slot in sealing twice')
  const round = reader.varint()
  const claimed = reader.varint()
  const isForBlocking = readBit(reader)
  const sinceMs = reader.varint()
  const heldByMember = new Map<bigint, number>()
  for (let left = reader.count(bytesEach.report); left > 0; left--) {
    heldByMember.set(reader.u64(), reader.varint())
  }
  const sealing = {
    round,
    claimed: claimed === 0 ? undefined : claimed - 1,
    isForBlocking,
    sinceMs,
  }
  space.sealingBySlot.set(index, { ...sealing, heldByMember })
}

/** Writes the seals of one epoch; `readRecord` is the inverse. */
export function writeRecord(writer: Writer, { epoch, seals, born }: EpochRecord): void {
  writer.varint(epoch)
  writer.varint(seals.length)
  for (const { incarnation, last } of seals) {
    writer.u64(incarnation)
    writer.varint(last)
  }
  writer.varint(born.length)
  for (const id of born) writer.u64(id)
}

/** @throws JoineryError ENCODING_INVALID */
export function readRecord(reader: Reader): EpochRecord {
  const epoch = reader.varint()
  const seals: SealRecord[] = []
  for (let left = reader.count(bytesEach.seal); left > 0; left--) {
    seals.push({ incarnation: reader.u64(), last: reader.varint() })
  }
  const born: bigint[] = []
  for (let left = reader.count(bytesEach.born); left > 0; left--) born.push(reader.u64())
  return { epoch, seals, born }
}

function readBit(reader: Reader): boolean {
  const bit = reader.byte()
  if (bit > 1) reader.fail(`expected 0 or 1, got ${bit}`)
  return bit === 1
}
