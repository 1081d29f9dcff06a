import type { ImContent, MessageContent, MessageEvent } from '@gatehouse/im-model'

export const TEXT_TYPE = 'text/plain; charset=utf-8'
const NO_TEXT_FORMAT: readonly string[] = []

/** Everything in a message that people read, links of files included: what policy filters and the archive keeps. */
export function readableText(message: MessageEvent): string {
  const parts = [message.subject ?? '', message.text, ...(message.files ?? []).map((file) => file.url)]
  return parts.filter((part) => part !== '').join('\n')
}

export function contentOf(content: ImContent): MessageContent | undefined {
  if (content.kind !== 'message') return undefined
  const text = readableText(content)
  return text === '' ? undefined : { contentType: TEXT_TYPE, body: Buffer.from(text), textFormat: NO_TEXT_FORMAT }
}

/** The message with what policy put in the place of its text; nothing else of it was read, so nothing else goes on. */
export function rewritten(message: MessageEvent, rewrite: MessageContent): MessageEvent {
  const { kind, messageId, replaces, wants } = message
  return {
    kind,
    messageId,
    text: Buffer.from(rewrite.body).toString('utf8'),
    ...(replaces === undefined ? {} : { replaces }),
    ...(wants === undefined ? {} : { wants }),
  }
}

/** Where policy reads texts, only what it read may go on. */
export function withoutMarkup(message: MessageEvent): MessageEvent {
  if (message.html === undefined) return message
  const { html: _, ...plain } = message
  return plain
}
