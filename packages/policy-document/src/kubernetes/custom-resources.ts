import type { PolicyKind } from '@gatehouse/policy-engine'
import { stringify } from 'yaml'
import { objectSchemas } from '../object-schema.ts'
import { policyKindNames, policyKinds } from '../policy-kinds.ts'
import { KUBERNETES_GROUP, KUBERNETES_VERSION, type ResourceColumn, resourceNames, SINGLETON_NAME } from './resource-names.ts'
import { type StructuralSchema, structuralSchema } from './structural-schema.ts'

const CONDITIONS: StructuralSchema = {
  type: 'array',
  maxItems: 8,
  'x-kubernetes-list-type': 'map',
  'x-kubernetes-list-map-keys': ['type'],
  description: '`Accepted`: Gatehouse takes this generation. `InForce`: the replicas decide by it.',
  items: {
    type: 'object',
    required: ['type', 'status', 'reason', 'message', 'lastTransitionTime'],
    properties: {
      type: { type: 'string', maxLength: 316 },
      status: { type: 'string', enum: ['True', 'False', 'Unknown'] },
      reason: { type: 'string', maxLength: 1024 },
      message: { type: 'string', maxLength: 32_768 },
      lastTransitionTime: { type: 'string', format: 'date-time' },
      observedGeneration: { type: 'integer', format: 'int64' },
    },
  },
}

const STATUS: StructuralSchema = {
  type: 'object',
  description: 'Written by Gatehouse.',
  properties: {
    observedGeneration: { type: 'integer', format: 'int64', description: 'The generation that the conditions speak about.' },
    revision: { type: 'integer', format: 'int64', description: 'The policy revision that made what is in force of this object.' },
    inForce: { type: 'string', maxLength: 40, description: 'Replicas that decide by that revision or a later one, of all: `2/2`.' },
    conditions: CONDITIONS,
  },
}

/** What every kind shows after its own columns. */
const STATUS_COLUMNS: readonly ResourceColumn[] = [
  { name: 'Accepted', type: 'string', path: '.status.conditions[?(@.type=="Accepted")].status' },
  { name: 'In force', type: 'string', path: '.status.inForce' },
  { name: 'Revision', type: 'integer', path: '.status.revision' },
]

/** Rules between keys that an API server can check by itself, beside types and ranges. Everything else is said by our own check. */
const SPEC_RULES: { readonly [K in PolicyKind]?: readonly { readonly rule: string; readonly message: string }[] } = {
  BlockEntry: [{ rule: 'has(self.domain) != has(self.address)', message: 'write either `domain` or `address`' }],
}

/**
 * The definitions of all kinds by file name, as `kubectl apply` and the chart take them. Equal code gives equal text. In the words of
 * YAML 1.1, which those read: an `off` without quotes would be a boolean there.
 */
export function customResourceFiles(): ReadonlyMap<string, string> {
  return new Map(
    policyKindNames.map((kind) => [
      `${kind.toLowerCase()}.yaml`,
      stringify(customResourceDefinition(kind), { lineWidth: 0, aliasDuplicateObjects: false, version: '1.1' }),
    ]),
  )
}

/** Group, version, and how each kind is called, for the chart's roles and webhook. */
export function kindTable(): string {
  const kinds = Object.fromEntries(policyKindNames.map((kind) => [kind, resourceNames[kind].plural]))
  return stringify({ group: KUBERNETES_GROUP, version: KUBERNETES_VERSION, kinds })
}

/** What the policy service may do with objects of some kinds, as rules of a Role: read them all, and write their status. */
export function controllerRules(kinds: readonly PolicyKind[] = policyKindNames): readonly Readonly<Record<string, readonly string[]>>[] {
  const plurals = kinds.map((kind) => resourceNames[kind].plural)
  return [
    { apiGroups: [KUBERNETES_GROUP], resources: plurals, verbs: ['list', 'watch'] },
    { apiGroups: [KUBERNETES_GROUP], resources: plurals.map((plural) => `${plural}/status`), verbs: ['patch'] },
  ]
}

/** The definition of one kind. */
export function customResourceDefinition(kind: PolicyKind): Readonly<Record<string, unknown>> {
  const { plural, singular, shortNames, columns } = resourceNames[kind]
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${KUBERNETES_GROUP}` },
    spec: {
      group: KUBERNETES_GROUP,
      scope: 'Namespaced',
      names: { kind, listKind: `${kind}List`, plural, singular, shortNames, categories: ['gatehouse'] },
      versions: [
        {
          name: KUBERNETES_VERSION,
          served: true,
          storage: true,
          subresources: { status: {} },
          additionalPrinterColumns: [...columns, ...STATUS_COLUMNS, { name: 'Age', type: 'date', path: '.metadata.creationTimestamp' }].map(
            ({ name, type, path }) => ({ name, type, jsonPath: path }),
          ),
          schema: { openAPIV3Schema: schemaOf(kind) },
        },
      ],
    },
  }
}

function schemaOf(kind: PolicyKind): StructuralSchema {
  const { summary, isSingleton } = policyKinds[kind]
  const spec = structuralSchema(objectSchemas.get(kind)?.json.properties?.['spec'] ?? {})
  const rules = SPEC_RULES[kind]
  const onlyOne = {
    rule: `self.metadata.name == '${SINGLETON_NAME}'`,
    message: `there is one ${kind}, and its name is '${SINGLETON_NAME}'`,
  }
  return {
    type: 'object',
    description: summary,
    required: ['spec'],
    properties: {
      apiVersion: { type: 'string' },
      kind: { type: 'string' },
      metadata: { type: 'object' },
      spec: rules === undefined ? spec : { ...spec, 'x-kubernetes-validations': rules },
      status: STATUS,
    },
    ...(isSingleton ? { 'x-kubernetes-validations': [onlyOne] } : {}),
  }
}
