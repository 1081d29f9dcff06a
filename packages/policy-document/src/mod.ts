export { exportObject, exportPolicy, sortObjects } from './canonical.ts'
export type { KindReference } from './describe-kinds.ts'
export { describeKinds } from './describe-kinds.ts'
export type { ObjectChange, ObjectDifference } from './diff-policy.ts'
export { comparePolicy, describeDifference, diffPolicy } from './diff-policy.ts'
export { editorSchema } from './editor-schema.ts'
export type { DocumentCode } from './errors.ts'
export { documentCodes } from './errors.ts'
export { customResourceOf, exportCustomResources } from './kubernetes/custom-resource.ts'
export { controllerRules, customResourceDefinition, customResourceFiles } from './kubernetes/custom-resources.ts'
export {
  KUBERNETES_API_VERSION,
  KUBERNETES_GROUP,
  KUBERNETES_VERSION,
  type ResourceNames,
  resourceNames,
  SINGLETON_NAME,
} from './kubernetes/resource-names.ts'
export { indexObjects, ObjectIndex } from './object-index.ts'
export { API_VERSION } from './object-schema.ts'
export type { ParseOptions, ParseResult } from './parse-policy.ts'
export { parsePolicy } from './parse-policy.ts'
export { policyKindNames } from './policy-kinds.ts'
export type { DocumentFile, DocumentProblem, Place } from './problem.ts'
export { formatDocumentProblem, keyOf } from './problem.ts'
export { checkPolicy, formatObjectProblem, isAbout, type ObjectProblem, type ObjectResult, readObject } from './read-object.ts'
