/** What can go wrong between a caller and a service. */
export const rpcCodes = {
  'GH-RPC-UNREACHABLE': {
    summary: 'The service cannot be reached.',
    remedy: 'Check that it runs and that the address is right (--connect, GATEHOUSE_CONNECT).',
    retry: 'later',
  },
  'GH-RPC-DEADLINE': {
    summary: 'The service did not answer in time.',
    remedy: 'Try again; look at the load and the health of the service.',
    retry: 'later',
  },
  'GH-RPC-CANCELLED': {
    summary: 'The call was given up by the caller.',
    remedy: 'None needed.',
    retry: 'never',
  },
  'GH-RPC-TOO-LARGE': {
    summary: 'The message is larger than the limit.',
    remedy: 'Ask for less at a time.',
    retry: 'never',
  },
  'GH-RPC-NO-METHOD': {
    summary: 'The service does not know this call.',
    remedy:
      'Connect to a process that runs the service, with a client of its version; networks and linked accounts need `publicImBridge` in its configuration.',
    retry: 'never',
  },
  'GH-RPC-UNREADABLE': {
    summary: 'The message could not be decoded.',
    remedy: 'Use a client of the same version as the service.',
    retry: 'never',
  },
  'GH-RPC-REFUSED': {
    summary: 'The service does not accept this caller.',
    remedy: 'Use a client certificate that its configuration names.',
    retry: 'never',
  },
  'GH-RPC-INTERNAL': {
    summary: 'The service failed.',
    remedy: "Look into the service's log at the time of the call.",
    retry: 'later',
  },
  'GH-RPC-LISTEN': {
    summary: 'The address for calls cannot be opened.',
    remedy: 'Choose another address, or stop what uses it.',
    retry: 'never',
  },
  'GH-RPC-ADDRESS': {
    summary: 'The address for calls is not usable.',
    remedy: 'Write unix:/path/to/socket (at most 100 bytes) or host:port with certificates.',
    retry: 'never',
  },
} as const

export type RpcCode = keyof typeof rpcCodes
