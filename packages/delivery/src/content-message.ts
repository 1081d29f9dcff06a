import type { MessageInitShape } from '@bufbuild/protobuf'
import type { ImContent, MessageEvent, PresenceEvent, ReceiptEvent, ReceiptWish } from '@gatehouse/im-model'
import type {
  DeliverRequest,
  DeliverRequestSchema,
  MessageContent as MessageContentMessage,
  PresenceContent as PresenceContentMessage,
} from '@gatehouse/proto'
import { oneOf } from './one-of.ts'

type ContentInit = NonNullable<MessageInitShape<typeof DeliverRequestSchema>['content']>

export function contentToMessage(content: ImContent): ContentInit {
  switch (content.kind) {
    case 'message':
      return { case: 'message', value: messageInit(content) }
    case 'typing':
      return { case: 'typing', value: { state: content.state, refreshS: content.refreshS ?? 0 } }
    case 'receipt':
      return { case: 'receipt', value: receiptInit(content) }
    case 'presence':
      return { case: 'presence', value: { type: content.type, show: content.show ?? '', note: content.note ?? '' } }
    case 'session':
      return { case: 'session', value: { state: content.state } }
  }
}

function receiptInit({ of, state, code, acceptedAtMs }: ReceiptEvent): (ContentInit & { case: 'receipt' })['value'] {
  return { of, state, code, acceptedAtMs: BigInt(Math.trunc(acceptedAtMs ?? 0)) }
}

function messageInit({
  messageId,
  text,
  html,
  subject,
  language,
  replaces,
  files,
  wants,
}: MessageEvent): (ContentInit & { case: 'message' })['value'] {
  return {
    messageId,
    text,
    html: html ?? '',
    subject: subject ?? '',
    language: language ?? '',
    replaces: replaces ?? '',
    files: (files ?? []).map((file) => ({ url: file.url, name: file.name, mediaType: file.mediaType, bytes: BigInt(file.bytes ?? 0) })),
    wants: [...(wants ?? [])],
  }
}

/** Undefined for what this version does not know. */
export function contentFromMessage(content: DeliverRequest['content']): ImContent | undefined {
  switch (content.case) {
    case 'message':
      return messageFrom(content.value)
    case 'typing': {
      const state = oneOf(content.value.state, ['composing', 'paused', 'active', 'inactive', 'gone'])
      const { refreshS } = content.value
      return state === undefined ? undefined : { kind: 'typing', state, ...(refreshS === 0 ? {} : { refreshS }) }
    }
    case 'receipt': {
      const state = oneOf(content.value.state, ['delivered', 'displayed', 'failed', 'error'])
      if (state === undefined) return undefined
      const { of, code, acceptedAtMs } = content.value
      return { kind: 'receipt', of, state, code, ...(acceptedAtMs === 0n ? {} : { acceptedAtMs: Number(acceptedAtMs) }) }
    }
    case 'presence':
      return presenceFrom(content.value)
    case 'session': {
      const state = oneOf(content.value.state, ['open', 'closed'])
      return state === undefined ? undefined : { kind: 'session', state }
    }
    default:
      return undefined
  }
}

function messageFrom({ messageId, text, html, subject, language, replaces, files, wants }: MessageContentMessage): MessageEvent {
  const known = wants
    .map((wish) => oneOf(wish, ['delivered', 'displayed', 'failed']))
    .filter((wish): wish is ReceiptWish => wish !== undefined)
  return {
    kind: 'message',
    messageId,
    text,
    ...(html === '' ? {} : { html }),
    ...(subject === '' ? {} : { subject }),
    ...(language === '' ? {} : { language }),
    ...(replaces === '' ? {} : { replaces }),
    ...(files.length === 0
      ? {}
      : {
          files: files.map((file) => ({
            url: file.url,
            name: file.name,
            mediaType: file.mediaType,
            bytes: file.bytes === 0n ? undefined : Number(file.bytes),
          })),
        }),
    ...(known.length === 0 ? {} : { wants: known }),
  }
}

function presenceFrom(message: PresenceContentMessage): PresenceEvent | undefined {
  const type = oneOf(message.type, ['available', 'unavailable', 'subscribe', 'subscribed', 'unsubscribe', 'unsubscribed', 'probe'])
  const show = message.show === '' ? undefined : oneOf(message.show, ['away', 'chat', 'dnd', 'xa'])
  if (type === undefined) return undefined
  return { kind: 'presence', type, ...(show === undefined ? {} : { show }), ...(message.note === '' ? {} : { note: message.note }) }
}
