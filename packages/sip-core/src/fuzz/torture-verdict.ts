import type { Buffer } from 'node:buffer'
import type { Frame } from '../framing/frame.ts'
import { SipStreamFramer } from '../framing/sip-stream-framer.ts'
import { checkMessage } from '../message/check-message.ts'
import type { SipMessage } from '../message/sip-message.ts'
import { prepareForward } from '../proxy/prepare-forward.ts'
import { prepareResponse } from '../proxy/prepare-response.ts'
import type { ProxyIdentity } from '../proxy/proxy-identity.ts'

/** A proxy that nothing in the corpora belongs to. */
const STRANGER: ProxyIdentity = { isOwnUri: () => false, isOwnVia: () => false }

/** All frames of a stream, then `waits` when a part of a message is left over. */
export function framesOf(bytes: Uint8Array): Frame[] {
  const framer = new SipStreamFramer()
  framer.handleData(bytes)
  const frames: Frame[] = []
  for (let frame = framer.takeFrame(); frame !== undefined; frame = framer.takeFrame()) frames.push(frame)
  return frames
}

/** `framing → syntax → proxy` of the first message in `bytes`, ending at the layer that refuses it. */
export function verdictOf(bytes: Buffer): string {
  const frame = framesOf(bytes)[0]
  if (frame === undefined) return 'waits'
  if (frame.kind === 'keepalive') return 'keepalive'
  if (frame.kind !== 'message') return `${frame.kind} ${frame.defect.status} ${frame.defect.code}`
  const defect = checkMessage(frame.message)
  if (defect !== undefined) return `message → ${defect.status} ${defect.code} ${defect.detail}`.trimEnd()
  return `message → ok → ${proxyVerdict(frame.message)}`
}

function proxyVerdict(message: SipMessage): string {
  if (!message.isRequest) return prepareResponse(message, STRANGER).ok ? 'forwards' : 'drops'
  const result = prepareForward(message, {
    identity: STRANGER,
    egressVia: { host: 'edge.example.org', port: 5061 },
    branchSeed: 'torture',
    supportedOptionTags: new Set(),
  })
  return result.ok ? 'forwards' : String(result.status)
}
