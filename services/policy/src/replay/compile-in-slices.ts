import { setImmediate } from 'node:timers/promises'
import { type Snapshot, SnapshotCompiler, type SnapshotDocument } from '@gatehouse/policy-engine'

/** Objects compiled in one go: a few milliseconds. */
const SLICE = 2_000

/** Compiles a policy that is not put in force, so that whatever else this process does gets its turn. */
export async function compileInSlices(document: SnapshotDocument): Promise<Snapshot> {
  const compiler = new SnapshotCompiler()
  const { objects } = document
  for (let at = 0; at < objects.length; at++) {
    if (at % SLICE === SLICE - 1) await setImmediate()
    compiler.add(objects[at]!)
  }
  return compiler.finish(document)
}
