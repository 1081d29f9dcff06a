export const DECISIONS_TOPIC = 'decisions'
export const WANTED_TOPIC = 'wanted'
