/** What may stand as the target of a message: one nick, never a channel, a list or a mask. */
export function isNickLike(target: string): boolean {
  return target !== '' && !/[\s,:*?!@#&\0$]/.test(target)
}
