import type { Command } from './cli/command.ts'
import { applyCommand } from './commands/apply.ts'
import { archiveEraseCommand } from './commands/archive-erase.ts'
import { archiveExportCommand } from './commands/archive-export.ts'
import { archiveHoldAddCommand, archiveHoldListCommand, archiveHoldReleaseCommand } from './commands/archive-hold.ts'
import { archiveKeyCommand } from './commands/archive-key.ts'
import { archiveProofCommand } from './commands/archive-proof.ts'
import { archiveRestoreCommand } from './commands/archive-restore.ts'
import { archiveSearchCommand } from './commands/archive-search.ts'
import { archiveVerifyCommand } from './commands/archive-verify.ts'
import { blockCommand, unblockCommand } from './commands/block.ts'
import { certCheckCommand } from './commands/cert-check.ts'
import { configCheckCommand } from './commands/config-check.ts'
import { demoCommand } from './commands/demo.ts'
import { diffCommand } from './commands/diff.ts'
import { directoryStatusCommand, directorySyncCommand } from './commands/directory.ts'
import { doctorCommand } from './commands/doctor.ts'
import { explainCommand } from './commands/explain.ts'
import { exportCommand } from './commands/export.ts'
import { exportLcsCommand } from './commands/export-lcs.ts'
import { historyCommand } from './commands/history.ts'
import { importLcsCommand } from './commands/import-lcs.ts'
import { linkAddCommand, linkListCommand, linkRemoveCommand } from './commands/link.ts'
import { networksCommand } from './commands/networks.ts'
import { outboxDropCommand, outboxListCommand, outboxRetryCommand } from './commands/outbox.ts'
import { peersCommand } from './commands/peers.ts'
import { peersTraceCommand } from './commands/peers-trace.ts'
import { policyObservedCommand } from './commands/policy-observed.ts'
import { policyStatusCommand } from './commands/policy-status.ts'
import { probeCommand } from './commands/probe.ts'
import { quarantineListCommand, quarantineReleaseCommand } from './commands/quarantine.ts'
import { rollbackCommand } from './commands/rollback.ts'
import { serviceCommand } from './commands/service.ts'
import { simulateCommand } from './commands/simulate.ts'
import { tailCommand } from './commands/tail.ts'
import { upCommand } from './commands/up.ts'
import { usersImportCommand } from './commands/users-import.ts'
import { usersShowCommand } from './commands/users-show.ts'
import { versionCommand } from './commands/version.ts'

/** In the order of the help: try it, run it, say what may pass, look at it. */
export const commands: readonly Command[] = [
  demoCommand,
  upCommand,
  serviceCommand,
  configCheckCommand,
  applyCommand,
  exportCommand,
  historyCommand,
  diffCommand,
  rollbackCommand,
  policyStatusCommand,
  blockCommand,
  unblockCommand,
  exportLcsCommand,
  importLcsCommand,
  explainCommand,
  usersShowCommand,
  usersImportCommand,
  quarantineListCommand,
  quarantineReleaseCommand,
  directoryStatusCommand,
  directorySyncCommand,
  simulateCommand,
  policyObservedCommand,
  peersCommand,
  doctorCommand,
  peersTraceCommand,
  outboxListCommand,
  outboxRetryCommand,
  outboxDropCommand,
  tailCommand,
  networksCommand,
  linkAddCommand,
  linkListCommand,
  linkRemoveCommand,
  archiveSearchCommand,
  archiveVerifyCommand,
  archiveExportCommand,
  archiveProofCommand,
  archiveRestoreCommand,
  archiveKeyCommand,
  archiveHoldAddCommand,
  archiveHoldListCommand,
  archiveHoldReleaseCommand,
  archiveEraseCommand,
  certCheckCommand,
  probeCommand,
  versionCommand,
]
