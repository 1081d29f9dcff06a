import type { ConnectorSecrets, ConnectorStore } from '@gatehouse/bridge-kit'
import type { BusKv } from '@gatehouse/bus'
import { keyWord, textOfKeyWord } from './bucket-keys.ts'
import type { Seal } from './seal.ts'

/** What one connector keeps: a part of the bucket that no other connector's keys can lead into. */
export function storeOf(kv: BusKv, network: string): ConnectorStore {
  const own = `store.${keyWord(network)}.`
  return {
    get: async (key) => (await kv.get(own + keyWord(key)))?.value,
    put: async (key, value) => void (await kv.put(own + keyWord(key), value)),
    delete: (key) => kv.delete(own + keyWord(key)),
    keys: async (prefix) =>
      (await kv.keys())
        .filter((key) => key.startsWith(own))
        .map((key) => textOfKeyWord(key.slice(own.length)))
        .filter((key) => key.startsWith(prefix)),
  }
}

/** The same for secrets, sealed for their very place. */
export function secretsOf(kv: BusKv, seal: Seal, network: string): ConnectorSecrets {
  const placeOf = (name: string): string => `secret.${keyWord(network)}.${keyWord(name)}`
  return {
    get: async (name) => {
      const sealed = (await kv.get(placeOf(name)))?.value
      return sealed === undefined ? undefined : seal.open(placeOf(name), sealed)
    },
    put: async (name, secret) => void (await kv.put(placeOf(name), seal.close(placeOf(name), secret))),
    delete: (name) => kv.delete(placeOf(name)),
  }
}
