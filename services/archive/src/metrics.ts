/** Metrics of the archive service; `docs/reference/metrics.md` is generated from it. */
export const archiveMetrics = {
  gatehouse_archive_records_total: {
    type: 'counter',
    unit: '{record}',
    description: 'Records committed, duplicates included.',
    labels: [],
  },
  gatehouse_archive_refused_total: {
    type: 'counter',
    unit: '{record}',
    description: 'Records refused.',
    labels: ['code'],
  },
  gatehouse_archive_batch_seconds: {
    type: 'histogram',
    unit: 's',
    description: 'From the arrival of a batch to its answer.',
    labels: [],
    buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5],
  },
  gatehouse_archive_sequence: {
    type: 'gauge',
    unit: '{record}',
    description: 'Sequence of the last record.',
    labels: [],
  },
  gatehouse_archive_last_commit_timestamp_seconds: {
    type: 'gauge',
    unit: 's',
    description: 'When the archive last committed (Unix time); 0: not since its start.',
    labels: [],
  },
  gatehouse_archive_unsigned_records: {
    type: 'gauge',
    unit: '{record}',
    description: 'Records since the last signed checkpoint.',
    labels: [],
  },
  gatehouse_archive_checkpoint_failing: {
    type: 'gauge',
    unit: '1',
    description: '1 while the second copy of checkpoints cannot be written.',
    labels: [],
  },
  gatehouse_archive_accepting: {
    type: 'gauge',
    unit: '1',
    description: '1 while records are accepted, 0 while they are refused.',
    labels: [],
  },
} as const
