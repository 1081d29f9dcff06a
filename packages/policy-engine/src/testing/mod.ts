export { internal, known, network, partner, settings, userSettings } from './samples.ts'
