import { createSocketFrames, type Socket } from '@parley/spec'
import { WebSocket, type RawData } from 'ws'

/** Connects as Twilio does. Rejects with the status when the upgrade is refused. */
export async function dial(url: string, headers: Record<string, string>, drip: boolean): Promise<Socket> {
  const ws = new WebSocket(url, { headers, perMessageDeflate: true })
  const { frames, push, end } = createSocketFrames()
  const closed = new Promise<{ code: number; reason: string; clean: boolean }>((resolve) => {
    ws.on('close', (code, reason) => {
      end()
      resolve({ code, reason: reason.toString('utf8'), clean: code !== 1006 })
    })
  })
  ws.on('message', (data: RawData, isBinary) => {
    const bytes = Array.isArray(data) ? Buffer.concat(data) : data instanceof ArrayBuffer ? Buffer.from(data) : data
    push(isBinary ? new Uint8Array(bytes) : bytes.toString('utf8'))
  })
  await new Promise<void>((resolve, reject) => {
    ws.once('open', resolve)
    ws.on('unexpected-response', (request, response) => {
      reject(new Error(`The upgrade was refused with status ${response.statusCode}.`))
      request.destroy()
    })
    ws.on('error', reject)
  })

  const sendInPieces = (text: string): void => {
    const bytes = Buffer.from(text, 'utf8')
    for (let at = 0; at < bytes.length; at += 7)
      ws.send(bytes.subarray(at, at + 7), { binary: false, fin: at + 7 >= bytes.length })
  }
  return {
    closed,
    frames,
    get bufferedAmount() {
      return ws.bufferedAmount
    },
    send(data) {
      if (ws.readyState !== ws.OPEN) return
      if (drip && typeof data === 'string') sendInPieces(data)
      else ws.send(data)
    },
    ping() {
      if (ws.readyState === ws.OPEN) ws.ping()
    },
    close(code, reason) {
      // 1006 cannot be said, only done.
      if (code === 1006) ws.terminate()
      else ws.close(code, reason)
    },
  }
}
