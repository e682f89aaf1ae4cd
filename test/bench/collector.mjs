/** Where the traces of a benchmark go, as a process of its own: takes HEP over UDP and TCP and throws it away. Tells its parent the ports. */
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { createServer } from 'node:net'

const tcp = createServer((socket) => socket.on('error', () => {}).resume())
const udp = createSocket({ type: 'udp4', recvBufferSize: 8 << 20 }, () => {})

tcp.listen(0, '127.0.0.1')
udp.bind(0, '127.0.0.1')
await Promise.all([once(tcp, 'listening'), once(udp, 'listening')])
process.on('disconnect', () => process.exit())
process.send({ tcp: tcp.address().port, udp: udp.address().port })
