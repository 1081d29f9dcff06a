/** Words for people; `{to}`, `{time}` and `{reference}` stand for the recipient, the time the message was accepted, and what its sender knows it by. */
export interface NoticeTexts {
  readonly enabled: boolean
  readonly user: string
  readonly expired: string
  readonly failed: string
  readonly uncertain: string
}

export function filledNotice(
  text: string,
  { to, acceptedAtMs, reference }: { readonly to: string; readonly acceptedAtMs: number; readonly reference: string },
): string {
  const time = `${new Date(acceptedAtMs).toISOString().slice(0, 16).replace('T', ' ')} UTC`
  const values: Readonly<Record<string, string>> = { to, time, reference }
  return text.replace(/\{(to|time|reference)\}/g, (_, name: string) => values[name] ?? '')
}
