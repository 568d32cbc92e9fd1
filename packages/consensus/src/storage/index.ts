export { FileLog, type FileLogOptions } from './file-log.ts'
export type { LogStorage, LogWrite } from './log-storage.ts'
export { MemoryLog } from './memory-log.ts'
