import { ns } from '../xml/namespaces.ts'
import type { XmlLimits } from '../xml/stream-event.ts'
import { writeXml } from '../xml/write-xml.ts'
import { XmlStreamReader } from '../xml/xml-stream-reader.ts'

export const OPEN: string = `<stream:stream xmlns='${ns.server}' xmlns:stream='${ns.streams}' xmlns:db='${ns.dialback}' version='1.0'>`

/** Small, so that mutations meet the limits; elements of a 10 MB text are what it takes to see that it is not read to its end. */
const LIMITS: XmlLimits = { maxStanzaChars: 65_536, maxDepth: 32, maxElements: 1_000, maxAttributes: 64 }

/** One line per event: what two different cuts of the same bytes must agree on. */
export function eventsOf(chunks: Iterable<Uint8Array>): string[] {
  const reader = new XmlStreamReader(LIMITS)
  const lines: string[] = []
  for (const chunk of chunks) {
    reader.handleData(chunk)
    for (let event = reader.takeEvent(); event !== undefined; event = reader.takeEvent()) {
      if (event.kind === 'element') lines.push(`element ${writeXml(event.element, ns.client)}`)
      else if (event.kind === 'open') lines.push(`open ${event.contentNs} ${writeXml(event.header, ns.client)}`)
      else lines.push(event.kind === 'defect' ? `defect ${event.condition}` : 'close')
    }
  }
  return lines
}
