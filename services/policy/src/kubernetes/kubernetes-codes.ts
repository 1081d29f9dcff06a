import { errorsOf, type GatewayError } from '@gatehouse/errors'

/** What can go wrong between the policy service and a Kubernetes API server. The policy in force stays as it is in each case. */
export const kubernetesCodes = {
  'GH-KUBERNETES-AWAY': {
    summary: 'The Kubernetes API server cannot be reached, or does not answer.',
    remedy:
      'Nothing has to be done when it comes back. Else check policy.kubernetes.server, the CA file, and the network policy towards it.',
    retry: 'later',
  },
  'GH-KUBERNETES-FORBIDDEN': {
    summary: 'The API server does not let the policy service read policy objects or write their status.',
    remedy: 'Check the Role and RoleBinding of its service account, and that its token file is mounted.',
    retry: 'later',
  },
  'GH-KUBERNETES-NO-KIND': {
    summary: 'The API server does not know one of the kinds that are kept in the cluster.',
    remedy: 'Install the custom resource definitions (charts/gatehouse/files/crds), or leave the kind out of policy.kubernetes.kinds.',
    retry: 'later',
  },
  'GH-KUBERNETES-ANSWER': {
    summary: 'The API server answered something that is no list, event or object.',
    remedy: 'Check that policy.kubernetes.server names an API server and nothing in between changes its answers.',
    retry: 'later',
  },
  'GH-KUBERNETES-SIZE': {
    summary: 'The cluster holds more or larger policy objects than are taken from there.',
    remedy: 'Keep large kinds (users, long block lists) out of policy.kubernetes.kinds and apply or import them.',
    retry: 'later',
  },
  'GH-KUBERNETES-EMPTY': {
    summary: 'The cluster holds no policy object at all, and a policy is in force: nothing is changed.',
    remedy:
      'Bring the policy into the cluster first: `gatehouse export --kubernetes | kubectl apply -f -`. To let nothing pass, apply a FederationSettings with `enabled: false`.',
    retry: 'later',
  },
  'GH-KUBERNETES-FILE': {
    summary: 'A file with the token, the authority, the namespace or the certificate of the webhook cannot be used.',
    remedy: 'Check the path in policy.kubernetes, that the volume is mounted, and that this process may read it.',
    retry: 'later',
  },
  'GH-KUBERNETES-LISTEN': {
    summary: 'The webhook cannot listen at its address.',
    remedy: 'Choose a free port in policy.kubernetes.webhook.',
    retry: 'later',
  },
} as const

export type KubernetesCode = keyof typeof kubernetesCodes

export const kubernetesError: (
  code: KubernetesCode,
  detail?: string,
  options?: { cause?: unknown; facts?: Record<string, string | number | boolean> },
) => GatewayError = errorsOf(kubernetesCodes)
