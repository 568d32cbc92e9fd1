import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { createHash } from 'node:crypto'
import { WebSocket } from 'ws'
import { encodeServerFrame } from '#peer/gateway/server-frame.ts'

const handshakeSuffix = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'

describe('A frame of a gateway', () => {
  it('is one that a WebSocket reads, whatever its length', async () => {
    const lengths = [0, 1, 125, 126, 127, 65_535, 65_536, 200_000]
    const contents = lengths.map((length) => new Uint8Array(length).fill(length % 251))
    const server = createServer((socket) => {
      socket.on('error', () => socket.destroy())
      socket.once('data', (head) => {
        const key = /sec-websocket-key: (.*)\r\n/i.exec(head.toString())?.[1] ?? ''
        const accept = createHash('sha1').update(`${key}${handshakeSuffix}`).digest('base64')
        socket.write(
          'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
            `Sec-WebSocket-Accept: ${accept}\r\n\r\n`,
        )
        for (const content of contents) socket.write(encodeServerFrame(content))
      })
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const client = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`)
    const received: Uint8Array[] = []
    await new Promise<void>((resolve, reject) => {
      client.on('error', reject)
      client.on('message', (data: Buffer, isBinary) => {
        assert.ok(isBinary)
        received.push(new Uint8Array(data))
        if (received.length === contents.length) resolve()
      })
    })
    assert.deepEqual(received, contents)
    client.terminate()
    server.close()
  })

  it('is a copy', () => {
    const content = Uint8Array.of(1, 2, 3)
    const frame = encodeServerFrame(content)
    content.fill(0)
    assert.deepEqual([...frame.subarray(2)], [1, 2, 3])
  })
})
