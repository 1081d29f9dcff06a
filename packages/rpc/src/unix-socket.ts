import { chmodSync, rmSync, statSync } from 'node:fs'
import { connect } from 'node:net'
import { dirname } from 'node:path'
import { makeFolder } from '@gatehouse/config'
import { errorsOf, messageOf } from '@gatehouse/errors'
import { rpcCodes } from './errors.ts'

const rpcError = errorsOf(rpcCodes)

/**
 * Makes the folder of a socket private (0700, so that nobody else can reach the socket before its own mode is set)
 * and removes a socket that a dead process left. Rejects with GH-RPC-LISTEN when
 * somebody answers on it, something else stands there, or there can be no such folder.
 */
export async function prepareSocket(path: string): Promise<void> {
  const folder = dirname(path)
  try {
    makeFolder(folder)
  } catch (cause) {
    throw rpcError('GH-RPC-LISTEN', messageOf(cause), { cause })
  }
  if ((statSync(folder).mode & 0o077) !== 0) {
    try {
      chmodSync(folder, 0o700)
    } catch (cause) {
      throw rpcError('GH-RPC-LISTEN', `${folder} is open to others and its mode cannot be changed`, { cause })
    }
  }
  const found = statSync(path, { throwIfNoEntry: false })
  if (found === undefined) return
  if (!found.isSocket()) throw rpcError('GH-RPC-LISTEN', `${path} exists and is not a socket`)
  if (await isAnswered(path)) throw rpcError('GH-RPC-LISTEN', `another process serves ${path}`)
  rmSync(path, { force: true })
}

/** Only the owner may connect. */
export function closeSocketToOthers(path: string): void {
  chmodSync(path, 0o600)
}

function isAnswered(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path)
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}
