export type { Bus, BusHeaders, BusKv, BusMessage, BusReply, BusStatus, BusSubscription, KvEntry } from './bus.ts'
