/** What can be wrong with this package's use. */
export const telemetryCodes = {
  'GH-TELEMETRY-METRIC-TWICE': {
    summary: 'Two services register the same metric name.',
    remedy: 'This is a defect of the program: give one of them another name.',
    retry: 'never',
  },
  'GH-TELEMETRY-METRIC-NAME': {
    summary: 'A metric name does not follow the naming rules.',
    remedy: 'This is a defect of the program: names are gatehouse_<service>_<what>, counters end in _total, units are base units.',
    retry: 'never',
  },
  'GH-TELEMETRY-LISTEN': {
    summary: 'The health and metrics address cannot be opened.',
    remedy: 'Choose a free port and an address of this machine in telemetry.health.',
    retry: 'never',
  },
} as const
