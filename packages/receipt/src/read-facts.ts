import { type UserFacts, userKey } from '@gatehouse/policy-engine'
import type { ArchivedMessage } from './archived-message.ts'
import type { WireReader } from './wire-reader.ts'

const FOR_EVER = Number.MAX_SAFE_INTEGER

/** Reads one `FactsSeen` and gives it to the message. */
export function readFacts(reader: WireReader, message: ArchivedMessage): void {
  let user = ''
  let status = ''
  let detail = ''
  let rights: UserFacts['rights'] = {}
  const groups: string[] = []
  let contactUntilMs = 0
  let isAddressSafe = false
  let isDomainSafe = false
  const outer = reader.enter()
  while (reader.next()) {
    if (reader.field === 1) user = reader.text()
    else if (reader.field === 2) status = reader.text()
    else if (reader.field === 3) detail = reader.text()
    else if (reader.field === 4) rights = rightsOf(reader.text())
    else if (reader.field === 5) groups.push(reader.text())
    else if (reader.field === 6) contactUntilMs = reader.uint()
    else if (reader.field === 7) isAddressSafe = reader.flag()
    else if (reader.field === 8) isDomainSafe = reader.flag()
    else reader.skip()
  }
  reader.leave(outer)
  const sender = userKey(message.fromUser, message.fromDomain)
  const counterpart = sender === user ? userKey(message.toUser, message.toDomain) : sender
  const contacts = new Map<string, number>()
  if (contactUntilMs > 0) contacts.set(counterpart, contactUntilMs >= FOR_EVER ? Number.POSITIVE_INFINITY : contactUntilMs)
  const safeList = new Set<string>()
  if (isAddressSafe) safeList.add(counterpart)
  if (isDomainSafe) safeList.add(counterpart.slice(counterpart.lastIndexOf('@') + 1))
  message.usedFacts.set(user, { status: statusOf(status), detail, rights, groups, contacts, safeList })
}

function statusOf(text: string): UserFacts['status'] {
  return text === 'known' || text === 'unknown' ? text : 'failed'
}

/** Our own JSON; what was altered into none gives no rights. */
function rightsOf(text: string): UserFacts['rights'] {
  try {
    return JSON.parse(text) as UserFacts['rights']
  } catch {
    return {}
  }
}
