/** What can be wrong with a policy document. Errors refuse it, warnings are told and let it in. */
export const documentCodes = {
  'GH-DOCUMENT-SIZE': {
    summary: 'The document is larger, deeper or more intertwined than any policy needs to be.',
    remedy: 'Split it into several files, or correct the generator that wrote it.',
    retry: 'never',
  },
  'GH-DOCUMENT-SYNTAX': {
    summary: 'The text is not valid YAML.',
    remedy: 'Correct the line named; tabs and unbalanced quotes are the usual causes.',
    retry: 'never',
  },
  'GH-DOCUMENT-DUPLICATE-KEY': {
    summary: 'A key stands twice in the same map.',
    remedy: 'Keep one of the two; neither is taken silently.',
    retry: 'never',
  },
  'GH-DOCUMENT-VERSION': {
    summary: 'The object is of another format version.',
    remedy: 'Write `apiVersion: gatehouse/v1`.',
    retry: 'never',
  },
  'GH-DOCUMENT-KIND': {
    summary: 'There is no such kind of policy object.',
    remedy: 'Write one of the kinds in docs/reference/policy-document.md; the message names the nearest.',
    retry: 'never',
  },
  'GH-DOCUMENT-UNKNOWN-KEY': {
    summary: 'The key means nothing here.',
    remedy: 'Correct its spelling or delete it; docs/reference/policy-document.md lists every key.',
    retry: 'never',
  },
  'GH-DOCUMENT-MISSING': {
    summary: 'A value that has no default is missing.',
    remedy: 'Add the key with a value.',
    retry: 'never',
  },
  'GH-DOCUMENT-TYPE': {
    summary: 'The value has the wrong type.',
    remedy: 'Write a value of the type named.',
    retry: 'never',
  },
  'GH-DOCUMENT-VALUE': {
    summary: 'The value is not allowed.',
    remedy: 'Write what the message asks for.',
    retry: 'never',
  },
  'GH-DOCUMENT-DUPLICATE-OBJECT': {
    summary: 'Two objects have the same kind and name.',
    remedy: 'Give one of them another `metadata.name`, or delete it.',
    retry: 'never',
  },
  'GH-DOCUMENT-SINGLETON': {
    summary: 'There is more than one object of a kind that exists once.',
    remedy: 'Merge them into one object.',
    retry: 'never',
  },
  'GH-DOCUMENT-DUPLICATE-ENTRY': {
    summary: 'Two objects speak about the same domain, address, user or edge.',
    remedy: 'Keep one of them.',
    retry: 'never',
  },
  'GH-DOCUMENT-INTERNAL': {
    summary: 'An internal domain is configured as somebody else’s.',
    remedy: 'Delete it here, or delete its `InternalDomain`.',
    retry: 'never',
  },
  'GH-DOCUMENT-REFERENCE': {
    summary: 'The object refers to one that does not exist.',
    remedy: 'Write the name of an object that is in the document.',
    retry: 'never',
  },
  'GH-DOCUMENT-CLEARINGHOUSE': {
    summary: 'A gate with a default route cannot be a clearinghouse itself.',
    remedy: 'Delete `defaultRoute`, or set `beClearinghouse: false`.',
    retry: 'never',
  },
  'GH-DOCUMENT-BLOCK-WINS': {
    summary: 'A domain is both allowed and blocked; the block wins.',
    remedy: 'Delete the entry that is not meant.',
    retry: 'never',
  },
  'GH-DOCUMENT-BLOCKS-OURSELVES': {
    summary: 'A block entry covers an internal domain, so nothing passes to or from it.',
    remedy: 'Delete the `BlockEntry`, or block a more exact domain.',
    retry: 'never',
  },
  'GH-DOCUMENT-UNREACHABLE': {
    summary: 'The entry can never apply, because another one comes before it.',
    remedy: 'Delete one of the two.',
    retry: 'never',
  },
  'GH-DOCUMENT-NO-EFFECT': {
    summary: 'The key is kept, and no rule of the gate reads it.',
    remedy: 'Leave it out, or enforce it where it can be: users sign in at the home servers, which know them.',
    retry: 'never',
  },
  'GH-DOCUMENT-EXPIRED': {
    summary: 'The entry has expired and has no effect.',
    remedy: 'Delete it, or set a later `expires`.',
    retry: 'never',
  },
  'GH-DOCUMENT-CLOSED': {
    summary: 'The document as a whole lets nothing through.',
    remedy: 'Add an `InternalDomain`, and `FederationSettings` with `enabled: true`.',
    retry: 'never',
  },
  'GH-DOCUMENT-MORE': {
    summary: 'There are more problems than an answer tells.',
    remedy: 'Correct those that are told, then ask again.',
    retry: 'never',
  },
  'GH-DOCUMENT-TOO-OPEN': {
    summary: 'The entry lets more in than its author may have meant.',
    remedy: 'See the message for the line that narrows it.',
    retry: 'never',
  },
} as const

export type DocumentCode = keyof typeof documentCodes
