import { domainToASCII } from 'node:url'
import { normaliseDomain, parseAddress } from '@gatehouse/im-model'
import type { MethodFilterSpec } from '@gatehouse/policy-engine'
import { z } from 'zod'

/** The fields that several kinds share: one description, one check, one sentence on what to write instead. */

const IPV4 = /^\d+(\.\d+){3}$/
const METHOD = /^[A-Z0-9.!%*_+`'~-]{1,32}$/
const PIN = /^[A-Za-z0-9+/]{43}=$/
const INSTANT = /^(\d{4})-(\d{2})-(\d{2})(T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2}))?$/

function complaintAboutDomain(text: string): string | undefined {
  if (text.startsWith('*.')) return `write '${text.slice(2)}'; whether subdomains count is said by the kind of entry, not by '*'`
  if (text.endsWith('.')) return `write '${text.slice(0, -1)}', without the dot at the end`
  if (IPV4.test(text) || text.includes(':')) return 'write a domain name, not an address or port'
  if (normaliseDomain(text) === text) return undefined
  const ascii = domainToASCII(text)
  return ascii !== '' && normaliseDomain(ascii) === ascii ? `write it as '${ascii}'` : 'is not a domain name'
}

function complaintAboutEdge(text: string): string | undefined {
  const [host = '', port, ...rest] = text.split(':')
  const isPort = port === undefined || (/^\d{1,5}$/.test(port) && Number(port) >= 1 && Number(port) <= 65_535)
  if (rest.length > 0 || !isPort) return "write 'host' or 'host:port'"
  if (IPV4.test(host)) return 'write the host name that stands in the certificate, not an address'
  return complaintAboutDomain(host)
}

function complaintAboutAddress(text: string): string | undefined {
  if (/^sips?:/i.test(text)) return `write '${text.slice(text.indexOf(':') + 1)}', without the scheme`
  const address = parseAddress(text)
  return address === undefined || /[\s<>;]/.test(address.user) ? 'write user@domain' : complaintAboutDomain(address.domain)
}

function complaintAboutInstant(text: string): string | undefined {
  const [, year, month, day] = INSTANT.exec(text) ?? []
  const dayOfMonth = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day))).getUTCDate()
  const isReal = dayOfMonth === Number(day) && !Number.isNaN(Date.parse(text))
  return isReal ? undefined : "write a date like '2027-01-31' or an instant like '2027-01-31T12:00:00Z'"
}

function checked(complaintOf: (text: string) => string | undefined): (text: string, context: z.RefinementCtx) => void {
  return (text, context) => {
    const message = complaintOf(text)
    if (message !== undefined) context.addIssue({ code: 'custom', message })
  }
}

export const domainName = z.string().max(254).toLowerCase().superRefine(checked(complaintAboutDomain))
export const networkDomain = z
  .string()
  .max(256)
  .toLowerCase()
  .superRefine(checked((text) => complaintAboutDomain(text.startsWith('*.') ? text.slice(2) : text)))
export const imAddress = z.string().max(512).toLowerCase().superRefine(checked(complaintAboutAddress))
export const edgeName = z.string().max(260).toLowerCase().superRefine(checked(complaintAboutEdge))
export const instant = z.string().superRefine(checked(complaintAboutInstant))
export const plainText = z.string().min(1).max(500)

export const verificationLevel = z
  .enum(['useSourceVerification', 'alwaysVerifiable', 'alwaysUnverifiable'])
  .describe(
    'How far the peer’s word about its senders counts: `useSourceVerification` takes its mark over, `alwaysVerifiable` marks all verified, `alwaysUnverifiable` none.',
  )

const methodList = z.array(z.string().toUpperCase().regex(METHOD, "write a SIP method name like 'MESSAGE'")).max(64)

/** On trial: `gatehouse policy observed` and a metric count what would have been refused. */
export const observeMode = z.enum(['enforce', 'observe'])

export const methodFilter: z.ZodType<MethodFilterSpec> = z
  .strictObject({
    allow: methodList.optional().describe('Only these methods pass; ACK, CANCEL and BYE in a dialog always do.'),
    deny: methodList.optional().describe('These methods do not pass.'),
    mode: observeMode.optional().describe('`observe`: what the list would refuse passes and is noted; absent: it is refused.'),
  })
  .superRefine((filter, context) => {
    if ((filter.allow === undefined) === (filter.deny === undefined)) {
      context.addIssue({ code: 'custom', message: 'write either `allow` or `deny`' })
    }
  })

const queueFields = z.strictObject({
  enabled: z.boolean().default(true).describe('`false`: nothing waits, whatever FederationSettings says.'),
  maxAgeMinutes: z
    .number()
    .int()
    .min(1)
    .max(10_080)
    .default(240)
    .describe('How long a message may wait; then it is given up and its sender told. At most a week.'),
  uncertain: z
    .enum(['retry', 'fail'])
    .default('fail')
    .describe(
      'After an attempt of which nobody knows whether it arrived: `fail` gives up and says so; `retry` sends it again, with the same identifiers.',
    ),
})

/** Whether messages wait for a destination that is away. */
export const queueSetting = queueFields
  .optional()
  .describe(
    'Messages whose destination is certainly away are accepted and kept in the outbox until it is back; `{}` takes the defaults. Absent: as FederationSettings says.',
  )

/** What every configured peer may be held to. */
export const peerFields = {
  trust: z
    .array(z.string().min(1).max(100))
    .max(32)
    .default([])
    .describe(
      'Names of trust stores (bootstrap configuration) its certificate has to chain to; empty: any that counts on the external edge.',
    ),
  requireClientAuth: z
    .boolean()
    .default(false)
    .describe('Refuse certificates that are not for TLS clients. Public authorities no longer issue those.'),
  pins: z
    .array(z.string().regex(PIN, 'write the base64 SHA-256 of the public key, 44 characters'))
    .max(8)
    .default([])
    .describe('Public-key pins (RFC 7469 §2.4), one of which has to match; keep a second one for the next key. Empty: none demanded.'),
  methods: methodFilter.optional().describe('Which SIP methods pass from and to this peer; absent: what FederationSettings lets pass.'),
  links: z.number().int().min(1).max(4).default(1).describe('Parallel connections kept to it.'),
  dialect: z.enum(['microsoft', 'standard']).default('microsoft').describe('`standard`: no `ms-` headers are sent to it.'),
  queue: queueSetting,
}

/** How much of a message is kept. */
export const archiveMode = z.enum(['off', 'envelope', 'body'])
