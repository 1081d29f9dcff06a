/** Metrics of the policy service; `docs/reference/metrics.md` is generated from it. */
export const policyMetrics = {
  gatehouse_policy_revision: {
    type: 'gauge',
    unit: '{revision}',
    description: 'Newest revision of the policy that this service knows.',
    labels: [],
  },
  gatehouse_policy_published_revision: {
    type: 'gauge',
    unit: '{revision}',
    description: 'Revision that replicas were told of last.',
    labels: [],
  },
  gatehouse_policy_publish_failing: {
    type: 'gauge',
    unit: '1',
    description: '1 while replicas cannot be told of the newest revision.',
    labels: [],
  },
} as const
