import type { PolicyKind, PolicyObject } from '@gatehouse/policy-engine'

export interface Draft {
  readonly kind: PolicyKind
  readonly name: string
  /** What is not here gets its default when the document is applied. */
  readonly spec: Record<string, unknown>
}

/** Objects of the policy as they will be, beginning with what is in force. */
export class Drafts {
  readonly #drafts: Draft[]
  readonly #changed = new Set<Draft>()
  /** `kind/key=value` of what rows are found by. */
  readonly #index = new Map<string, Draft>()

  constructor(inForce: readonly PolicyObject[]) {
    this.#drafts = inForce.map(({ kind, name, spec }) => ({ kind, name, spec: { ...spec } as Record<string, unknown> }))
    for (const draft of this.#drafts) this.#note(draft)
  }

  /** The object a row speaks of: by the name we gave it, else by what identifies it, else a new one. It counts as changed. */
  take(kind: PolicyKind, key: string, value: string, id: string | undefined, wantedName: string): Draft {
    const found = (id === undefined ? undefined : this.#index.get(`${kind}/name=${id}`)) ?? this.#index.get(`${kind}/${key}=${value}`)
    const draft = found ?? this.#make(kind, id ?? wantedName)
    this.#changed.add(draft)
    return draft
  }

  /** Found by this value from now on. */
  file(draft: Draft, key: string, value: string): void {
    this.#index.set(`${draft.kind}/${key}=${value}`, draft)
  }

  only(kind: PolicyKind): Draft | undefined {
    return this.#drafts.find((draft) => draft.kind === kind)
  }

  named(kind: PolicyKind, name: string): Draft | undefined {
    return this.#index.get(`${kind}/name=${name}`)
  }

  /** What rows spoke of, in the order in which they did. */
  changed(): readonly Draft[] {
    return [...this.#changed]
  }

  #make(kind: PolicyKind, wanted: string): Draft {
    const base = slug(wanted)
    let name = base
    for (let at = 2; this.#index.has(`${kind}/name=${name}`); at++) name = `${base}-${at}`
    const draft: Draft = { kind, name, spec: {} }
    this.#drafts.push(draft)
    this.#note(draft)
    return draft
  }

  #note(draft: Draft): void {
    this.file(draft, 'name', draft.name)
    for (const key of ['domain', 'edge', 'user'] as const) {
      const value = draft.spec[key]
      if (typeof value === 'string') this.file(draft, key, value)
    }
    if (Array.isArray(draft.spec['domains'])) for (const domain of draft.spec['domains'] as string[]) this.file(draft, 'domain', domain)
  }
}

/** A name for an object from whatever LCS calls it. */
function slug(text: string): string {
  const letters = text
    .toLowerCase()
    .replace(/[^a-z0-9.-]+/g, '-')
    .slice(0, 200)
    .replace(/^[^a-z0-9]+|[^a-z0-9]+$/g, '')
  return letters === '' ? 'unnamed' : letters
}
