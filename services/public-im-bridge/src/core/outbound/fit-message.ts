import { type Capabilities, carries } from '@gatehouse/bridge-kit'
import type { MessageEvent } from '@gatehouse/im-model'

/** `messages`: what goes over, in order. `problem`: it cannot go. */
export type Fitting =
  | { readonly messages: readonly MessageEvent[] }
  | { readonly problem: 'GH-BRIDGE-UNSUPPORTED' | 'GH-BRIDGE-TOO-LONG'; readonly detail: string }

/** Marks a correction on networks that know none, as people do by hand. */
const CORRECTION_MARK = '* '

/** Makes of a message what the network can carry: what it cannot is put into plain words, left out, or reason to refuse, as its capabilities say. */
export function fitMessage(message: MessageEvent, capabilities: Capabilities): Fitting {
  const refused = rejectedFeature(message, capabilities)
  if (refused !== undefined) return { problem: 'GH-BRIDGE-UNSUPPORTED', detail: `It has ${refused}, which the network refuses.` }
  const plain = inPlainWords(message, capabilities)
  const { maxTextBytes, splitting } = capabilities.limits
  const bytes = Buffer.byteLength(plain.text)
  if (bytes <= maxTextBytes) return { messages: [plain] }
  if (splitting === 'refused') {
    return { problem: 'GH-BRIDGE-TOO-LONG', detail: `It has ${bytes} bytes; the network takes ${maxTextBytes}.` }
  }
  const parts = splitText(plain.text, maxTextBytes)
  const { html: _, ...rest } = plain
  return {
    messages: parts.map((text, at) => (at === 0 ? { ...rest, text } : { kind: 'message', messageId: `${rest.messageId}.${at}`, text })),
  }
}

function rejectedFeature({ html, subject, replaces, files }: MessageEvent, { features }: Capabilities): string | undefined {
  if (html !== undefined && features.richText === 'rejected') return 'rich text'
  if (subject !== undefined && features.subject === 'rejected') return 'a subject'
  if (replaces !== undefined && features.correction === 'rejected') return 'a correction'
  if (files !== undefined && files.length > 0 && features.files === 'rejected') return 'a file'
  return undefined
}

function inPlainWords(message: MessageEvent, capabilities: Capabilities): MessageEvent {
  const { kind, messageId, wants, html, subject, language, replaces, files } = message
  const { features } = capabilities
  let { text } = message
  if (files !== undefined && features.files === 'fallback') {
    const links = files.map(({ url }) => url).filter((url) => !message.text.includes(url))
    text = [text, ...links].filter((line) => line !== '').join('\n')
  }
  if (subject !== undefined && features.subject === 'fallback') text = `${subject}\n${text}`
  if (replaces !== undefined && features.correction === 'fallback') text = CORRECTION_MARK + text
  return {
    kind,
    messageId,
    text,
    ...(wants === undefined ? {} : { wants }),
    ...(language === undefined ? {} : { language }),
    ...(html !== undefined && carries(capabilities, 'richText') ? { html } : {}),
    ...(subject !== undefined && carries(capabilities, 'subject') ? { subject } : {}),
    ...(replaces !== undefined && carries(capabilities, 'correction') ? { replaces } : {}),
    ...(files !== undefined && files.length > 0 && carries(capabilities, 'files') ? { files } : {}),
  }
}

/** Parts of at most so many bytes of UTF-8, ended at a line, else at a space, else between two characters; nothing is lost but the break itself. */
export function splitText(text: string, maxBytes: number): string[] {
  const parts: string[] = []
  let rest = text
  while (Buffer.byteLength(rest) > maxBytes) {
    const fits = prefixWithin(rest, maxBytes)
    const line = rest.lastIndexOf('\n', fits)
    const space = rest.lastIndexOf(' ', fits)
    const at = line > fits / 2 ? line : space > fits / 2 ? space : -1
    parts.push(at > 0 ? rest.slice(0, at) : rest.slice(0, fits))
    rest = rest.slice(at > 0 ? at + 1 : fits)
  }
  if (rest !== '') parts.push(rest)
  return parts
}

/** Length of the longest prefix of whole characters within so many bytes; at least one character. */
function prefixWithin(text: string, maxBytes: number): number {
  let bytes = 0
  let length = 0
  for (const character of text) {
    bytes += Buffer.byteLength(character)
    if (bytes > maxBytes && length > 0) break
    length += character.length
  }
  return length
}
