import { BatchWriter } from '../codec/batch-writer.ts'
import { ChangeLedger } from './change-ledger.ts'
import { ReplicaContext, type ReplicaPorts } from './context.ts'
import { EngineMissing } from './engine-missing.ts'
import { Epochs } from './epochs.ts'
import type { ObjectState } from './object-state.ts'
import { IdlePacker } from './idle-packer.ts'
import { ObjectTable } from './object-table.ts'
import { PartReader } from './part-reader.ts'
import { StateJoiner } from './state-joiner.ts'
import { StateLoader } from './state-loader.ts'

/** What a replica is made of. One that was loaded out of sight takes the place of another as a whole. */
export class Workings {
  readonly context: ReplicaContext
  readonly ledger: ChangeLedger
  readonly table: ObjectTable
  readonly parts: PartReader
  readonly epochs: Epochs
  readonly joiner: StateJoiner
  readonly loader: StateLoader
  readonly batchWriter: BatchWriter
  readonly packer: IdlePacker
  /** Objects with something to send. */
  readonly dirtyObjects: ObjectState[] = []

  constructor(ports: ReplicaPorts, name: string) {
    this.context = new ReplicaContext(ports, name)
    this.ledger = new ChangeLedger(this.context)
    this.table = new ObjectTable(this.context, this.noteDirty)
    this.parts = new PartReader(this.table)
    this.epochs = new Epochs(this.context, this.table)
    this.joiner = new StateJoiner(this)
    this.loader = new StateLoader(this)
    this.batchWriter = new BatchWriter(this.context)
    this.packer = new IdlePacker(this.context, this.table)
  }

  private readonly noteDirty = (object: ObjectState): void => {
    this.dirtyObjects.push(object)
    this.context.pendingBytes += object.name.length + 12
  }

  clearDeltas(): void {
    for (const object of this.dirtyObjects) object.root.sealed()
    while (this.dirtyObjects.length > 0) this.dirtyObjects.pop()
  }

  unlessEngineMissing<T>(decode: () => T): T | 'engine-missing' {
    try {
      return decode()
    } catch (error) {
      if (!(error instanceof EngineMissing)) throw error
      this.context.ports.onEngineMissing?.(error.engines)
      return 'engine-missing'
    }
  }
}
