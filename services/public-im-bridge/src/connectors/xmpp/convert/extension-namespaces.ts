/** Namespaces of the extensions that are mapped. */
export const extension = {
  chatStates: 'http://jabber.org/protocol/chatstates', // XEP-0085
  receipts: 'urn:xmpp:receipts', // XEP-0184
  markers: 'urn:xmpp:chat-markers:0', // XEP-0333
  correction: 'urn:xmpp:message-correct:0', // XEP-0308
  xhtmlIm: 'http://jabber.org/protocol/xhtml-im', // XEP-0071
  xhtml: 'http://www.w3.org/1999/xhtml',
  styling: 'urn:xmpp:styling:0', // XEP-0393
  outOfBand: 'jabber:x:oob', // XEP-0066
  hints: 'urn:xmpp:hints', // XEP-0334
  stableId: 'urn:xmpp:sid:0', // XEP-0359
  affiliation: 'urn:xmpp:raa:0', // XEP-0489
  encryption: 'urn:xmpp:eme:0', // XEP-0380
  omemoLegacy: 'eu.siacs.conversations.axolotl',
  omemo: 'urn:xmpp:omemo:2', // XEP-0384
  carbons: 'urn:xmpp:carbons:2', // XEP-0280
  conference: 'jabber:x:conference', // XEP-0249
  mucUser: 'http://jabber.org/protocol/muc#user', // XEP-0045
  discoInfo: 'http://jabber.org/protocol/disco#info', // XEP-0030
} as const
