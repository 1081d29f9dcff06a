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
  'GH-TELEMETRY-EXPORT': {
    summary: 'The collector does not take what is sent to it; traces and metrics of this time are lost there.',
    remedy: 'Check telemetry.otlp: the endpoint, its certificate, the headers, and whether the collector has an OTLP/HTTP receiver.',
    retry: 'later',
  },
  'GH-TELEMETRY-HEADERS': {
    summary: 'The file with the headers for the collector cannot be used.',
    remedy: 'Write one header per line, `Name: value`; the file has to be readable.',
    retry: 'never',
  },
  'GH-TELEMETRY-ADDRESS-KEY': {
    summary: 'The key that addresses are hashed with cannot be used.',
    remedy:
      'Give a readable file of at least 16 bytes in telemetry.addresses.keyFile, or make stateDir writable so that one can be made there.',
    retry: 'never',
  },
} as const
