import type { MessageEvent } from '@gatehouse/im-model'

/** The text of a message as people without its extras see it: files that are offered become links below it. */
export function textOfMessage(message: MessageEvent): string {
  const urls = (message.files ?? []).map((file) => file.url).filter((url) => url !== '' && !message.text.includes(url))
  return [message.text, ...urls].filter((line) => line !== '').join('\n')
}
