import { type Dissemination } from './dissemination.ts'

/**
 * Disseminates nothing: everything is left to anti-entropy. With it a cluster still converges, only later, which is
 * what makes gossip no more than a hint; tests run on it.
 */
export const silentDissemination: Dissemination = {
  join: () => undefined,
  leave: () => undefined,
  publish: () => undefined,
  announce: () => undefined,
}
