export { cutAt, singleBytes } from './cut-bytes.ts'
export { type Mutations, mutateBytes } from './mutate-bytes.ts'
export { SeededRandom } from './seeded-random.ts'
