import type { CodeEntry, CodeTable } from '@gatehouse/errors'
import type { DeliveryOutcome } from '@gatehouse/im-model'

const OK = { code: '', detail: '', isCertain: true, retry: 'never' } as const

/** The far side confirmed it. */
export function deliveredOutcome(remoteId = '', sipStatus = 200): DeliveryOutcome {
  return { ...OK, status: 'delivered', sipStatus, remoteId }
}

/** Handed over on a protocol that confirms nothing. */
export function sentOutcome(remoteId = ''): DeliveryOutcome {
  return { ...OK, status: 'sent', sipStatus: 200, remoteId }
}

/** Durably kept for later: RFC 3428 §7, 202 says that it was not delivered yet. */
export function queuedOutcome(): DeliveryOutcome {
  return { ...OK, status: 'queued', sipStatus: 202, remoteId: '' }
}

/** Not delivered, for a reason of `table`. `sipStatus`: the far side's own answer, where there was one. */
export function failedOutcome<T extends CodeTable>(
  table: T,
  code: keyof T & string,
  detail = '',
  options: { readonly isCertain?: boolean; readonly sipStatus?: number } = {},
): DeliveryOutcome {
  const entry = table[code] as CodeEntry
  return {
    status: 'failed',
    code,
    detail: detail === '' ? entry.summary : `${entry.summary} ${detail}`,
    isCertain: options.isCertain ?? true,
    retry: entry.retry,
    sipStatus: options.sipStatus ?? entry.sip ?? 500,
    remoteId: '',
  }
}
