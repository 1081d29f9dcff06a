/** What a service is told when a record could not be handed to the archive. The archive service has its own table beside this one. */
export const archiveClientCodes = {
  'GH-ARCHIVE-QUEUE-FULL': {
    summary: 'More records wait for the archive than may wait.',
    remedy: 'Look why the archive commits slowly: its health, its disk, its CPU.',
    retry: 'later',
    sip: 503,
  },
  'GH-ARCHIVE-TIMEOUT': {
    summary: 'The archive did not answer in time; the record may have been committed all the same.',
    remedy: 'Look at the health and the disk of the archive service.',
    retry: 'later',
    sip: 503,
  },
  'GH-ARCHIVE-AWAY': {
    summary: 'No archive service answers on the bus.',
    remedy: 'Start the archive service and check the bus.',
    retry: 'later',
    sip: 503,
  },
  'GH-ARCHIVE-RECORD-TOO-LARGE': {
    summary: 'A record is larger than one bus message may be.',
    remedy: 'Raise max_payload on the NATS server, or lower the body limit of the edge.',
    retry: 'never',
    sip: 413,
  },
  'GH-ARCHIVE-ANSWER': {
    summary: 'The archive answered something that does not fit the request.',
    remedy: 'Run the same version of the archive and of the services that use it.',
    retry: 'later',
    sip: 503,
  },
} as const
