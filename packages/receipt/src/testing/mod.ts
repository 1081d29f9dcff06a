export { type Judged, judgeAndRecord } from './record.ts'
export { texts } from './user-world.ts'
export { policies } from './world.ts'
export { NOW_MS, OUTSIDE, type Written } from './world-names.ts'
