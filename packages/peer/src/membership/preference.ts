import { type Neighbour } from './neighbour.ts'

/** Whether of two channels to one peer the one that was introduced now is to be used: both sides find the same. */
export function isPreferred(selfId: string, { channel }: Neighbour, over: Neighbour): boolean {
  // Who was silent on the other one, and speaks on this one, has given the other one up.
  if (over.isStill) return true
  const isDirect = channel.via === undefined
  if (isDirect !== (over.channel.via === undefined)) return isDirect
  // Of two by the same side the newer one: the older may be dead.
  if (channel.isDialled === over.channel.isDialled) return true
  return channel.isDialled === selfId < channel.peer
}
