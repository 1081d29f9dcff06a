/** Multiparts inside each other; mail programs make three. */
export const MAX_DEPTH = 5
/** Parts of one message, all levels together. */
export const MAX_PARTS = 64
/** Characters of text that are looked at in one message. Longer ones are no instant messages and count as unreadable. */
export const MAX_TEXT = 262_144
