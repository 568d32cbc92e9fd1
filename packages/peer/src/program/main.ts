#!/usr/bin/env node
import { run } from './program.ts'

// Not `process.exit`: what is still to be written to a pipe would be cut off.
process.exitCode = await run(process.argv.slice(2), process.env)
