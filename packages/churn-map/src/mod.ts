export { ChurnMap } from './churn-map.ts'
