/** TCP segments in order. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TcpOrder } from '../../../src/cli/capture/reorder.js'

/** Collects what is delivered; a gap is a `|`. */
function order(): { tcp: TcpOrder; text: () => string } {
  let text = ''
  const tcp = new TcpOrder((payload, gap) => {
    text += (gap ? '|' : '') + payload.toString()
  })
  return { tcp, text: () => text }
}

const abc = ['aaa', 'bbb', 'ccc'] as const
const start = 0xfffffffc // the numbers wrap in the middle of what follows

function push(tcp: TcpOrder, i: number): boolean {
  return tcp.push((start + i * 3) >>> 0, Buffer.from(abc[i]!))
}

for (const sequence of ['012', '021', '0112', '02122', '01201']) {
  test(`segments that come as ${sequence} are delivered once and in order`, () => {
    const { tcp, text } = order()
    tcp.restart(start - 1)
    for (const i of sequence) push(tcp, Number(i))
    assert.equal(text(), 'aaabbbccc')
  })
}

test('without a SYN the first segment is the beginning', () => {
  const { tcp, text } = order()
  push(tcp, 1)
  push(tcp, 2)
  assert.equal(text(), 'bbbccc')
})

test('a retransmission is told from news', () => {
  const { tcp } = order()
  assert.equal(push(tcp, 0), true)
  assert.equal(push(tcp, 0), false)
  assert.equal(push(tcp, 2), true)
  assert.equal(push(tcp, 2), false)
})

test('of a retransmission that brings more only the new part is delivered', () => {
  const { tcp, text } = order()
  tcp.push(100, Buffer.from('abc'))
  tcp.push(101, Buffer.from('bcdef'))
  assert.equal(text(), 'abcdef')
})

test('of early segments that overlap each byte is delivered once', () => {
  const { tcp, text } = order()
  tcp.push(100, Buffer.from('a'))
  tcp.push(103, Buffer.from('def'))
  tcp.push(102, Buffer.from('cd'))
  tcp.push(102, Buffer.from('cdefg'))
  tcp.push(101, Buffer.from('b'))
  assert.equal(text(), 'abcdefg')
})

test('what is missing for good becomes a gap when the connection ends', () => {
  const { tcp, text } = order()
  push(tcp, 0)
  push(tcp, 2)
  assert.equal(text(), 'aaa')
  tcp.giveUp()
  assert.equal(text(), 'aaa|ccc')
})

test('waiting is bounded in segments and in bytes', () => {
  for (const [count, bytes] of [
    [150, 1],
    [15, 60_000],
  ] as const) {
    let delivered = 0
    let gaps = 0
    const tcp = new TcpOrder((payload, gap) => {
      delivered += payload.length
      if (gap) gaps++
    })
    tcp.push(0, Buffer.from('x'))
    for (let i = 0; i < count; i++) tcp.push(10 + i * bytes, Buffer.alloc(bytes))
    assert.equal(gaps, 1)
    assert.equal(delivered, 1 + count * bytes)
  }
})

test('a jump beyond any window is another connection on the same ports', () => {
  const { tcp, text } = order()
  tcp.push(1000, Buffer.from('old'))
  tcp.push(0x80000000, Buffer.from('new'))
  tcp.push(0x80000003, Buffer.from('er'))
  assert.equal(text(), 'old|newer')
})
