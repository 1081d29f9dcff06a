/** Bold, colour, hex colour, reset, monospace, reverse, italics, strike-through, underline; colours with their numbers. */
// oxlint-disable-next-line no-control-regex -- control characters are what it is about
const FORMATTING = /\x02|\x03(?:\d{1,2}(?:,\d{1,2})?)?|\x04(?:[0-9A-Fa-f]{6}(?:,[0-9A-Fa-f]{6})?)?|[\x0f\x11\x16\x1d\x1e\x1f]/g
/** What is left of C0 after that means nothing to anybody who reads it, and hides text from filters. */
// oxlint-disable-next-line no-control-regex -- control characters are what it is about
const CONTROLS = /[\x00-\x08\x0b-\x1f\x7f]/g

/** The words without mark-up: what people outside IRC read, and what filters look at. */
export function stripFormatting(text: string): string {
  return text.replace(FORMATTING, '').replace(CONTROLS, '')
}
