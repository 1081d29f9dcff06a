import { type FilterPreset, filterPresets, isPrefix, patternProblem } from '@gatehouse/content-filter'
import { z } from 'zod'
import { domainName } from '../fields.ts'
import type { KindDefinition } from '../kind-definition.ts'
import { trafficScope } from '../traffic-scope.ts'

const PRESETS = Object.keys(filterPresets) as [FilterPreset, ...FilterPreset[]]
/** What holds where nothing is written, with or without the name. */
const PRESET = filterPresets['lcs-default']

/** As long as the reference allows (lcs-edge §10). */
const notice = z.string().max(65_535)
const EXTENSION = /^\.[a-z0-9_~-]{1,16}$/

const links = z.strictObject({
  action: z
    .enum(['block', 'neutralise', 'warn', 'off'])
    .default(PRESET.links.action)
    .describe(
      '`block` refuses the message (606), `neutralise` puts an underscore before each link, so that it is plain text, `warn` leaves links active and puts `warnText` in front, `off` does not look for them.',
    ),
  extraPrefixes: z
    .array(z.string().max(32).refine(isPrefix, "write a prefix that ends in ':', '.' or '*.', like 'xmpp:' or 'shop*.'"))
    .max(200)
    .default([...PRESET.links.extraPrefixes])
    .describe('What begins a link, beyond the default list of the reference (`http:`, `https:`, `www*.`, `mailto:` …).'),
  ignoreLocal: z
    .boolean()
    .default(PRESET.links.ignoreLocal)
    .describe('Links to the intranet do not count: hosts of a single label, and `localDomains` with what lies below them.'),
  localDomains: z
    .array(domainName)
    .max(1000)
    .default([...PRESET.links.localDomains])
    .describe('Domains that are intranet too.'),
  warnText: notice
    .default(PRESET.links.warnText)
    .describe(
      'Notice put in front of a message with links, in place of one from an earlier gate; `neutralise` adds it when given. With `warn` and no text only files are looked for.',
    ),
  blockExtensions: z
    .boolean()
    .default(PRESET.links.blockExtensions)
    .describe('A link to a file whose extension is in `files.extensions` is refused, whatever `action` says.'),
})

const files = z.strictObject({
  action: z
    .enum(['blockList', 'blockAll', 'off'])
    .default(PRESET.files.action)
    .describe('File offers and attached files: refuse those with a listed extension, refuse all, or let all pass.'),
  extensions: z
    .array(z.string().toLowerCase().regex(EXTENSION, "write an extension with its dot, like '.exe'"))
    .max(2000)
    .default([...PRESET.files.extensions])
    .describe('Blocked extensions; the default list is that of the reference, 76 of them.'),
})

const pattern = z.strictObject({
  name: z.string().min(1).max(100).describe('Named in proof and log.'),
  pattern: z
    .string()
    .superRefine((text, context) => {
      const problem = patternProblem(text)
      if (problem !== undefined) context.addIssue({ code: 'custom', message: `is no RE2 pattern: ${problem}` })
    })
    .describe('RE2 syntax (linear time; no look-around, no back-references); `(?i)` in front ignores case.'),
  action: z.enum(['block', 'warn']).describe('`block` refuses the message (606), `warn` puts `reason` in front of it.'),
  reason: z.string().min(1).max(500).describe('Why; with `warn` the notice itself.'),
})

export const contentFilter: KindDefinition<'ContentFilter'> = {
  kind: 'ContentFilter',
  summary: 'What messages may carry: links, files, words. Several apply one after another, in the order of their names.',
  isSingleton: false,
  spec: z.strictObject({
    preset: z
      .enum(PRESETS)
      .optional()
      .describe(
        '`lcs-default`: the filter of Live Communications Server 2005 SP1 as it was installed (prefix list, intranet zone, 76 extensions). Keys that are written come before it; absent, it holds as well.',
      ),
    links: links.prefault({}).describe('Links in the text, whatever carries it.'),
    files: files.prefault({}).describe('Offers of a file transfer, and files in multipart messages.'),
    patterns: z.array(pattern).max(200).default([]).describe('Words and patterns, looked for in the text as people read it.'),
    scope: trafficScope,
    mode: z
      .enum(['enforce', 'observe'])
      .default('enforce')
      .describe('`observe`: what it would do stands in the archive and in `explain`; messages pass as they are.'),
  }),
}
