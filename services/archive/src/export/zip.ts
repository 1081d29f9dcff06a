import { Buffer } from 'node:buffer'
import { crc32, deflateRawSync } from 'node:zlib'

// 1980-01-01 00:00, the first date there is: the same content gives the same archive.
const DOS_DATE = 0x21
const VERSION_DEFLATE = 20
const METHOD_DEFLATE = 8

/** A zip archive with one deflated file (APPNOTE 6.3.10 §4.3). `name`: ASCII. */
export function zipOf(name: string, content: Uint8Array): Buffer {
  const packed = deflateRawSync(content)
  // Common to the local header (from offset 4) and the central one (from offset 6).
  const facts = Buffer.alloc(26)
  facts.writeUInt16LE(VERSION_DEFLATE, 0)
  facts.writeUInt16LE(METHOD_DEFLATE, 4)
  facts.writeUInt16LE(DOS_DATE, 8)
  facts.writeUInt32LE(crc32(content), 10)
  facts.writeUInt32LE(packed.length, 14)
  facts.writeUInt32LE(content.length, 18)
  facts.writeUInt16LE(name.length, 22)
  const local = Buffer.concat([Buffer.from('PK\x03\x04', 'latin1'), facts, Buffer.from(name, 'latin1'), packed])
  const central = Buffer.concat([
    Buffer.from('PK\x01\x02', 'latin1'),
    Buffer.from([VERSION_DEFLATE, 0]),
    facts,
    Buffer.alloc(14),
    Buffer.from(name, 'latin1'),
  ])
  const end = Buffer.alloc(22)
  end.write('PK\x05\x06', 'latin1')
  end.writeUInt16LE(1, 8)
  end.writeUInt16LE(1, 10)
  end.writeUInt32LE(central.length, 12)
  end.writeUInt32LE(local.length, 16)
  return Buffer.concat([local, central, end])
}
