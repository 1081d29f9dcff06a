import { closestName } from '@gatehouse/config'
import type { PolicyKind, PolicyObject } from '@gatehouse/policy-engine'
import type { DocumentCode } from './errors.ts'
import { type DocumentProblem, keyOf, type PlacedObject } from './problem.ts'

const REMOTE =
  "'remote' has no effect: the gate authenticates servers, never users, and refuses whatever comes from outside in the name of an internal domain; who may sign in from outside is for the home servers to say"

/** What is wrong, or odd, between objects about users: names of groups, providers and networks, walls, settings that need each other. */
export function checkUserObjects(objects: readonly PlacedObject[], nowMs: number): DocumentProblem[] {
  const problems: DocumentProblem[] = []
  const add = (severity: DocumentProblem['severity'], { object, place }: PlacedObject, code: DocumentCode, message: string): void => {
    problems.push({ ...place, severity, code, message: `${keyOf(object)}: ${message}`, object: keyOf(object) })
  }
  const namesOf = (kind: PolicyKind): readonly string[] =>
    objects.filter(({ object }) => object.kind === kind).map(({ object }) => object.name)
  const [groups, networks] = [namesOf('Group'), [...namesOf('Provider'), ...namesOf('Network')]]
  const settings = objects.find(({ object }) => object.kind === 'UserSettings')
  const isLookedUp = settings?.object.kind === 'UserSettings' && settings.object.spec.lookUp
  const demand = (placed: PlacedObject, kind: string, name: string, names: readonly string[]): void => {
    if (names.includes(name)) return
    const near = closestName(name, names)
    add('error', placed, 'GH-DOCUMENT-REFERENCE', `there is no ${kind} '${name}'${near === undefined ? '' : `; did you mean '${near}'?`}`)
  }
  for (const placed of objects) {
    const { object } = placed
    for (const network of networksOf(object)) demand(placed, 'Provider or Network', network, networks)
    if (object.kind === 'EthicalWall') {
      for (const name of [...object.spec.left.groups, ...object.spec.right.groups]) demand(placed, 'Group', name, groups)
      const { expires } = object.spec
      if (expires !== undefined && Date.parse(expires) <= nowMs)
        add('warning', placed, 'GH-DOCUMENT-EXPIRED', `the wall expired at ${expires}`)
    }
    if (saysRemote(object)) add('warning', placed, 'GH-DOCUMENT-NO-EFFECT', REMOTE)
    if (object.kind === 'Group' && object.spec.members.length === 0 && !isLookedUp) {
      add('warning', placed, 'GH-DOCUMENT-UNREACHABLE', 'it has no members, and without `UserSettings.lookUp` none are found')
    }
  }
  if (settings?.object.kind === 'UserSettings' && !isLookedUp) {
    const { learnDays, firstContact } = settings.object.spec
    for (const [key, isSet] of [
      ['learnDays', learnDays > 0],
      ['firstContact: hold', firstContact === 'hold'],
    ] as const) {
      if (isSet) add('error', settings, 'GH-DOCUMENT-VALUE', `'${key}' needs 'lookUp: true'`)
    }
  }
  return problems
}

/** Where it says what holds anyway nobody is misled. */
function saysRemote(object: PolicyObject): boolean {
  if (object.kind === 'UserSettings') return !object.spec.remote
  return (object.kind === 'UserRights' || object.kind === 'Group') && object.spec.remote !== undefined
}

function networksOf(object: PolicyObject): readonly string[] {
  if (object.kind !== 'UserRights' && object.kind !== 'Group' && object.kind !== 'UserSettings') return []
  return object.spec.publicNetworks ?? []
}
