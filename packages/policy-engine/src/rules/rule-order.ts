import type { Rule } from '../rule-context.ts'
import { archiveDuty } from './archive-duty.ts'
import { blockList } from './block-list.ts'
import { content } from './content.ts'
import { destination } from './destination.ts'
import { federationSwitch } from './federation-switch.ts'
import { methodFilter } from './method-filter.ts'
import { policyPresent } from './policy-present.ts'
import { rates } from './rates.ts'
import { sourceBinding } from './source-binding.ts'
import { unverifiedSender } from './unverified-sender.ts'
import { userRights } from './user-rights.ts'
import { verification } from './verification.ts'

/** The order in which a message is judged (architecture §4). The first refusal decides; each line has its reason. */
export const ruleOrder: readonly Rule[] = [
  policyPresent, // nothing to judge by: the answer must be "no policy", not whichever rule happens to fail first
  blockList, // before anything that could allow, so that no allow ever overrules a block
  sourceBinding, // everything below speaks about a partner, so first it has to be certain which one
  destination, // rights and filters depend on where it goes; an open relay must not depend on them
  federationSwitch, // after source and destination: it concerns only what crosses the border
  userRights, // the user's own rights, once it is known that the border is crossed
  methodFilter, // filters belong to the peers found above
  verification, // the mark is needed by the next rule and travels inwards with the message
  unverifiedSender, // only now is it known that nobody vouches for the sender
  content, // the dearest look, so only at messages that would pass; before rates, which count what goes on
  rates, // late, so that a refused message costs its sender's budget nothing but its reputation
  archiveDuty, // last: it refuses nothing and concerns refused messages too
]
