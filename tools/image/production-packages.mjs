/**
 * @typedef {{ version?: string, license?: string, integrity?: string, link?: boolean, resolved?: string, name?: string,
 *   dependencies?: Record<string, string>, optionalDependencies?: Record<string, string>, peerDependencies?: Record<string, string>,
 *   peerDependenciesMeta?: Record<string, { optional?: boolean }> }} LockEntry
 * @typedef {{ location: string, name: string, entry: LockEntry, isWorkspace: boolean }} ProductionPackage
 */

/**
 * Everything that the workspace at `start` needs at run time, itself included, by what the lock file says; sorted by place.
 * @param {Record<string, LockEntry>} packages `packages` of package-lock.json
 * @param {string} start folder of a workspace
 * @param {ReadonlySet<string>} leftOut names that are left out, with what only they need
 * @returns {ProductionPackage[]}
 */
export function productionPackages(packages, start, leftOut) {
  /** @type {Map<string, ProductionPackage>} */
  const found = new Map()
  const waiting = [start]
  for (let location = waiting.pop(); location !== undefined; location = waiting.pop()) {
    if (found.has(location)) continue
    const entry = packages[location]
    if (entry === undefined) throw new Error(`package-lock.json has no '${location}'`)
    if (entry.link === true) {
      waiting.push(entry.resolved ?? '')
      continue
    }
    found.set(location, { location, name: nameOf(location, entry), entry, isWorkspace: !location.includes('node_modules/') })
    for (const name of needsOf(entry)) {
      if (leftOut.has(name)) continue
      const place = resolve(packages, location, name)
      if (place !== undefined) waiting.push(place)
      else if (entry.dependencies?.[name] !== undefined) throw new Error(`package-lock.json does not say where ${location} finds ${name}`)
    }
  }
  return [...found.values()].sort((a, b) => (a.location < b.location ? -1 : 1))
}

/** Optional ones as well: they are there on the platforms that they are for. */
function needsOf(entry) {
  const peers = Object.keys(entry.peerDependencies ?? {}).filter((name) => entry.peerDependenciesMeta?.[name]?.optional !== true)
  return [...Object.keys(entry.dependencies ?? {}), ...Object.keys(entry.optionalDependencies ?? {}), ...peers]
}

/** As Node looks for it: in the folder's own node_modules, then in those of the folders above. */
function resolve(packages, from, name) {
  for (let folder = from; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('/')))) {
    const place = folder === '' ? `node_modules/${name}` : `${folder}/node_modules/${name}`
    if (packages[place] !== undefined) return place
    if (folder === '') return undefined
  }
}

function nameOf(location, entry) {
  return entry.name ?? location.slice(location.lastIndexOf('node_modules/') + 'node_modules/'.length)
}
