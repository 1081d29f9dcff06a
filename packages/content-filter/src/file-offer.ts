import type { CompiledFilter } from './compile-filter.ts'
import { decodePercents, foldView } from './text/fold-view.ts'
import { plainView } from './text/text-view.ts'

const FILE_TRANSFER = '5d3e02ab-6190-11d3-bbbb-00c04f795683'
/** `name.exe::$DATA` is `name.exe` to Windows, and so is `name.exe. `. */
const STREAM = /:.*$/s
const END = /[\s."')\]}]+$/

/** What is wrong with the name of a file: the listed extension it has; empty: nothing. */
export function listedExtension(name: string, extensions: ReadonlySet<string>): string {
  const folded = foldView(plainView(name))
  for (const { text } of [folded, decodePercents(folded) ?? folded]) {
    const base = text.slice(Math.max(text.lastIndexOf('/'), text.lastIndexOf('\\')) + 1)
    for (const each of [base, base.replace(STREAM, '')]) {
      const clean = each.replace(END, '')
      const dot = clean.lastIndexOf('.')
      const extension = dot < 0 ? '' : clean.slice(dot + 1).toLowerCase()
      if (extensions.has(extension)) return extension
    }
  }
  return ''
}

/** Reads a text/x-msmsgsinvite body (lcs-edge §12.3): what to block it for, or undefined to let it pass. */
export function judgeFileOffer(text: string, filter: CompiledFilter): string | undefined {
  if (filter.fileAction === 'off') return undefined
  const names: string[] = []
  let isTransfer = false
  let isInvite = false
  for (const line of text.replace(/\r?\n[ \t]+/g, ' ').split(/\r\n|\r|\n/)) {
    const colon = line.indexOf(':')
    if (colon < 0) continue
    const field = foldView(plainView(line.slice(0, colon)))
      .text.trim()
      .toLowerCase()
    const value = line.slice(colon + 1).trim()
    if (field === 'application-file') names.push(value)
    else if (field === 'application-guid') isTransfer ||= value.toLowerCase().includes(FILE_TRANSFER)
    else if (field === 'application-name') isTransfer ||= value.toLowerCase().includes('file transfer')
    else if (field === 'invitation-command') isInvite ||= value.toUpperCase() === 'INVITE'
  }
  if (filter.fileAction === 'blockAll') return names.length > 0 || (isTransfer && isInvite) ? 'every file is blocked' : undefined
  for (const name of names) {
    const extension = listedExtension(name, filter.fileExtensions)
    if (extension !== '') return `the file has the extension .${extension}`
  }
  return undefined
}
