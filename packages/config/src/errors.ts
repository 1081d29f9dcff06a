/** Everything that can be wrong with a configuration file. */
export const configCodes = {
  'GH-CONFIG-SYNTAX': {
    summary: 'The file is not valid YAML.',
    remedy: 'Correct the line named; tabs and unbalanced quotes are the usual causes.',
    retry: 'never',
  },
  'GH-CONFIG-DUPLICATE-KEY': {
    summary: 'A key stands twice in the same map.',
    remedy: 'Keep one of the two; neither is taken silently.',
    retry: 'never',
  },
  'GH-CONFIG-UNKNOWN-KEY': {
    summary: 'The key means nothing here.',
    remedy: 'Correct its spelling or delete it; docs/reference/config.md lists every key.',
    retry: 'never',
  },
  'GH-CONFIG-MISSING': {
    summary: 'A value that has no default is missing.',
    remedy: 'Add the key with a value.',
    retry: 'never',
  },
  'GH-CONFIG-TYPE': {
    summary: 'The value has the wrong type.',
    remedy: 'Write a value of the type named.',
    retry: 'never',
  },
  'GH-CONFIG-VALUE': {
    summary: 'The value is not allowed.',
    remedy: 'Write a value inside the limits named.',
    retry: 'never',
  },
  'GH-CONFIG-SCHEMA': {
    summary: 'A configuration schema of this program would ignore unknown keys.',
    remedy: 'This is a defect of the program: use z.strictObject in the schema.',
    retry: 'never',
  },
} as const

export type ConfigCode = keyof typeof configCodes
