import type { ArchiveMode } from '@gatehouse/im-model'
import type { ArchivingSpec } from '../document.ts'
import type { Stated } from '../facts/effective-facts.ts'
import type { ArchiveModes } from '../snapshot.ts'

/** What `Archiving` says of each class of traffic. `hasUserModes`: users or groups say otherwise. */
export function compileArchiveModes(
  given: { readonly name: string; readonly spec: ArchivingSpec } | undefined,
  hasUserModes: boolean,
): ArchiveModes {
  const source = given === undefined ? '' : `Archiving/${given.name}`
  const { body = true, federation, publicNetworks, internal, networks = [] } = given?.spec ?? {}
  const stated = (value: ArchiveMode | undefined): Stated<ArchiveMode> => ({ value: value ?? (body ? 'body' : 'envelope'), source })
  const hasClasses = [federation, publicNetworks, internal].some((mode) => mode !== undefined) || networks.length > 0
  return {
    otherwise: stated(undefined),
    hasExceptions: hasClasses || hasUserModes,
    federation: stated(federation),
    publicNetworks: stated(publicNetworks),
    internal: stated(internal),
    networks: new Map(networks.map(({ name, mode }) => [name, stated(mode)])),
  }
}
