import type { DoctorCodeTable } from './doctor-code.ts'

/** Findings about our policy and what the partner answers. */
export const answerCodes = {
  'GH-DOCTOR-POLICY-NONE': {
    summary: 'No policy is in force here.',
    remedy: 'Apply one: `gatehouse apply -f policy.yaml`; without a policy nothing passes.',
    retry: 'later',
    side: 'ours',
  },
  'GH-DOCTOR-POLICY-OFF': {
    summary: 'Federation is switched off here.',
    remedy: 'Set `enabled: true` in FederationSettings.',
    retry: 'later',
    side: 'ours',
  },
  'GH-DOCTOR-POLICY-BLOCKED': {
    summary: 'Our policy blocks the domain.',
    remedy: 'The object is named in the detail; `gatehouse unblock <domain>` lifts a block.',
    retry: 'later',
    side: 'ours',
  },
  'GH-DOCTOR-POLICY-UNKNOWN': {
    summary: 'Our policy knows no way to the domain: it is neither a partner nor allowed nor found by open federation.',
    remedy: 'Add a Partner or AllowedDomain for it.',
    retry: 'later',
    side: 'ours',
  },
  'GH-DOCTOR-POLICY-DISABLED': {
    summary: 'The partner is switched off in our policy.',
    remedy: 'Set `enabled: true` in the object named in the detail.',
    retry: 'later',
    side: 'ours',
  },
  'GH-DOCTOR-POLICY-REFUSED': {
    summary: 'Our policy refuses the test message to the partner.',
    remedy: 'The detail has the rule; `gatehouse explain` shows every rule. `--from` names another sender.',
    retry: 'later',
    side: 'ours',
  },
  'GH-DOCTOR-POLICY-USER': {
    summary: 'Our policy lets messages to and from the partner pass, but not those of the test’s sender.',
    remedy: 'The detail has the rule; `--from` names a user who has the right.',
    retry: 'later',
    side: 'ours',
  },
  'GH-DOCTOR-POLICY-INBOUND': {
    summary: 'Our policy lets messages out to the partner, but refuses theirs.',
    remedy: 'The detail has the rule; `gatehouse explain --from user@<domain>` shows every rule.',
    retry: 'later',
    side: 'ours',
  },
  'GH-DOCTOR-OPTIONS-TIMEOUT': {
    summary: 'TLS works, but the partner’s edge does not answer a SIP request.',
    remedy: 'The partner looks whether SIP runs behind that port, and whether the edge can send answers on the connection they came on.',
    retry: 'later',
    side: 'theirs',
  },
  'GH-DOCTOR-OPTIONS-CLOSED': {
    summary: 'The partner’s edge closes the connection instead of answering a SIP request.',
    remedy: 'The partner looks at the log of their edge: it refuses us as a peer, or cannot read the request.',
    retry: 'later',
    side: 'theirs',
  },
  'GH-DOCTOR-OPTIONS-GARBAGE': {
    summary: 'What comes back is not SIP.',
    remedy: 'The partner looks what listens on that port.',
    retry: 'later',
    side: 'theirs',
  },
  'GH-DOCTOR-OPTIONS-HUGE': {
    summary: 'The answer is larger than the gate takes.',
    remedy: 'The partner looks at what their edge puts into answers.',
    retry: 'later',
    side: 'theirs',
  },
  'GH-DOCTOR-OPTIONS-VIA': {
    summary: 'An answer came whose Via is not ours: the partner’s edge does not route answers by RFC 3261.',
    remedy: 'The partner’s edge returns the Via lines of the request unchanged and in order; a proxy removes only its own.',
    retry: 'later',
    side: 'theirs',
  },
  'GH-DOCTOR-OPTIONS-FORBIDDEN': {
    summary: 'The partner’s edge refuses us (403).',
    remedy: 'The partner admits our domain and the name in our external certificate.',
    retry: 'later',
    side: 'theirs',
  },
  'GH-DOCTOR-OPTIONS-NOT-FOUND': {
    summary: 'The partner’s edge does not know the domain, or does not let us see it (404).',
    remedy:
      'If messages arrive all the same, nothing; else the partner configures our domain and theirs on that edge, or corrects the SRV record.',
    retry: 'later',
    side: 'theirs',
  },
  'GH-DOCTOR-OPTIONS-METHOD': {
    summary: 'The partner’s edge answers, but does not take OPTIONS.',
    remedy: 'Nothing has to be done for messages; letting OPTIONS pass makes faults easier to find.',
    retry: 'later',
    side: 'theirs',
  },
  'GH-DOCTOR-OPTIONS-LOOP': {
    summary: 'The request runs in circles on the partner’s side (482, 483).',
    remedy: 'The partner looks at the routing of the domain: their edge sends it back to itself.',
    retry: 'later',
    side: 'theirs',
  },
  'GH-DOCTOR-OPTIONS-AWAY': {
    summary: 'The partner’s edge works, but what stands behind it does not answer.',
    remedy: 'The partner looks at the server behind their edge.',
    retry: 'later',
    side: 'theirs',
  },
  'GH-DOCTOR-OPTIONS-REFUSED': {
    summary: 'The partner’s edge refuses the request.',
    remedy: 'The detail has the answer; the partner’s log has the reason. Give them the time and the Call-ID.',
    retry: 'later',
    side: 'theirs',
  },
  'GH-DOCTOR-OPTIONS-CLOSES': {
    summary: 'The partner’s edge closes the connection after each answer; every message then costs a handshake.',
    remedy: 'The partner keeps federation connections open for some minutes.',
    retry: 'later',
    side: 'theirs',
  },
  'GH-DOCTOR-ECHO-NONE': {
    summary: 'The partner offers no echo address; nothing is wrong with that.',
    remedy: 'A partner that runs Gatehouse can switch one on (`echo.enabled`); `--echo` names another address.',
    retry: 'later',
    side: 'theirs',
  },
  'GH-DOCTOR-ECHO-UNSEEN': {
    summary: 'The message was accepted, but its echo was not seen.',
    remedy:
      'An echo comes as a new request to our edge: run the doctor through the running gate, and check that the partner can reach us (our SRV record, firewall, certificate).',
    retry: 'later',
    side: 'either',
  },
  'GH-DOCTOR-ECHO-REFUSED': {
    summary: 'The partner refuses messages to the echo address.',
    remedy: 'The partner admits our domain and the sender; the detail has the answer.',
    retry: 'later',
    side: 'theirs',
  },
  'GH-DOCTOR-ECHO-FAILED': {
    summary: 'OPTIONS is answered, but a message is not.',
    remedy: 'The partner looks at the log of their edge for the time of this run.',
    retry: 'later',
    side: 'theirs',
  },
} as const

answerCodes satisfies DoctorCodeTable
