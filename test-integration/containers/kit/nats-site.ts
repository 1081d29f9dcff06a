/** Names in certificates, which NATS takes for users (`verify_and_map`). */
export const busUser = (service: string): string => `${service}.bus.contoso.example`

/** Subject prefix of a service's replies: nobody else may listen there. */
export const inboxOf = (service: string): string => `_INBOX_${service}`

/** Written by one service only; of what everybody may read. */
const BUCKETS: Readonly<Record<string, readonly string[]>> = {
  policy: ['gh-v1-policy', 'gh-v1-replicas'],
  archive: ['gh-v1-replicas'],
  'federation-peer': ['gh-v1-replicas', 'gh-v1-peers'],
  'public-im-bridge': ['gh-v1-replicas', 'gh-v1-bridge', 'gh-v1-leases', 'gh-v1-networks'],
}

/** What each answers, besides what everybody may listen to (docs/reference/subjects.md). */
const SERVES: Readonly<Record<string, readonly string[]>> = {
  policy: ['gh.v1.facts.get', 'gh.v1.facts.note'],
  archive: ['gh.v1.archive.append'],
  'federation-peer': ['gh.v1.deliver.sip', 'gh.v1.deliver.sip.>', 'gh.v1.peering.>'],
  'public-im-bridge': ['gh.v1.deliver.xmpp', 'gh.v1.deliver.xmpp.>'],
}

const EVERYBODY_HEARS = ['gh.v1.facts.changed', 'gh.v1.events.>', 'gh.v1.sip.dialogs']

/** A server that takes certificates only, with the least that each service needs. `files` lie in the container. */
export function natsConfig(files: { readonly cert: string; readonly key: string; readonly ca: string; readonly store: string }): string {
  const users = Object.keys(BUCKETS).map((service) => {
    const publish = ['gh.v1.>', '$JS.API.>', '$JS.ACK.>', '$JS.FC.>', ...(BUCKETS[service] ?? []).map((bucket) => `$KV.${bucket}.>`)]
    const subscribe = [`${inboxOf(service)}.>`, ...EVERYBODY_HEARS, ...(SERVES[service] ?? [])]
    return `    { user: "${busUser(service)}", permissions: {
        publish: { allow: ${list(publish)}, deny: ["$JS.API.STREAM.DELETE.>", "$JS.API.STREAM.PURGE.>"] }
        subscribe: { allow: ${list(subscribe)} }
        allow_responses: true } }`
  })
  return `listen: "0.0.0.0:4222"
jetstream { store_dir: "${files.store}", sync_interval: always }
tls { cert_file: "${files.cert}", key_file: "${files.key}", ca_file: "${files.ca}", verify_and_map: true, timeout: 10 }
authorization {
  users: [
${users.join('\n')}
  ]
}
`
}

function list(subjects: readonly string[]): string {
  return `[${subjects.map((subject) => JSON.stringify(subject)).join(', ')}]`
}
