/** What the command line itself can complain about. */
export const cliCodes = {
  'GH-CLI-USAGE': {
    summary: 'The command line is wrong.',
    remedy: 'gatehouse COMMAND --help shows options and examples.',
    retry: 'never',
  },
  'GH-CLI-NO-GATEWAY': {
    summary: 'No running gateway is known here.',
    remedy: 'Start one with "gatehouse up --config gatehouse.yaml" or "gatehouse demo", or name one with --connect.',
    retry: 'later',
  },
  'GH-CLI-FILE': {
    summary: 'A file cannot be read or written.',
    remedy: 'Check the path and its permissions.',
    retry: 'never',
  },
  'GH-CLI-STATE': {
    summary: 'The folder of databases and keys cannot be written.',
    remedy: 'Set stateDir to a folder, in a container a volume, that the user of this process may write; images run as 10001:10001.',
    retry: 'never',
  },
  'GH-CLI-LEFT-OUT': {
    summary: 'This image does not hold the code of that service or command.',
    remedy: 'Use the image of that service, or gatehouse/gatehouse, which holds everything.',
    retry: 'never',
  },
  'GH-CLI-CONFIG': {
    summary: 'The configuration has mistakes.',
    remedy: 'Correct the lines named; "gatehouse config check" checks without starting anything.',
    retry: 'never',
  },
  'GH-CONTROL-ROLE': {
    summary: 'The caller may not do this here.',
    remedy: 'List the name in its certificate under control.access, with a role that includes the call.',
    retry: 'never',
    refusesCaller: true,
  },
  'GH-CLI-IMPORT': {
    summary: 'The file is no list of users.',
    remedy: 'See "gatehouse users import --help" and docs/users-and-directory.md for its form.',
    retry: 'never',
  },
  'GH-CLI-EXPORT-FORMAT': {
    summary: 'The file is not an archive export.',
    remedy: 'Use a file that "gatehouse archive export" wrote.',
    retry: 'never',
  },
  'GH-CLI-INTERNAL': {
    summary: 'The command failed in a way that it should not.',
    remedy: 'This is a defect of the program; please report it with what stands above.',
    retry: 'never',
  },
  'GH-CLI-DEMO-ACT': {
    summary: 'An act of the demo did not go as it should.',
    remedy: 'The logs of the gateways are kept; their folder is named above.',
    retry: 'never',
  },
} as const
