/** What reaches a user. `mark` is what the user's own edge says of the sender. */
export type UserEvent =
  | {
      readonly kind: 'message'
      readonly from: string
      readonly text: string
      readonly contentType: string
      readonly mark: Mark
      readonly isInSession: boolean
    }
  | { readonly kind: 'typing'; readonly from: string; readonly isActive: boolean }
  | { readonly kind: 'session'; readonly from: string; readonly change: 'opened' | 'closed'; readonly mark: Mark }
  | { readonly kind: 'presence'; readonly from: string; readonly isOpen: boolean; readonly note: string }
  | { readonly kind: 'watched'; readonly from: string; readonly mark: Mark }

export type Mark = 'verified' | 'unverified' | undefined

export type UserEventKind = UserEvent['kind']
