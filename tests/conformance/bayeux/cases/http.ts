/** Long-polling as HTTP: paths, connections, slow and pipelined requests. */
import assert from 'node:assert/strict';
import { define, JSON_TYPE, messagesOf, successful } from '../lib/case.ts';
import { Http } from '../lib/http.ts';

const handshake = JSON.stringify([{ channel: '/meta/handshake', id: 'h', version: '1.0', supportedConnectionTypes: ['long-polling'] }]);

for (const below of ['', '/', '/handshake', '/connect', '/disconnect']) {
  define(`http: POST to <base>${below} is served`, async (t) => {
    const answer = await t.post(handshake, JSON_TYPE, below);
    assert.equal(answer.status, 200);
    successful(messagesOf(answer)[0]);
  });
}

define('http: any message may come to any of these paths', async (t) => {
  const session = await t.session();
  const answer = await t.post([{ channel: t.channel(), clientId: session.clientId, id: 'p', data: 1 }], { ...JSON_TYPE, ...session.headers }, '/connect');
  successful(messagesOf(answer)[0]);
});

define('http: a connection serves many requests', async (t) => {
  const http = await t.http();
  for (let i = 0; i < 25; i += 1) {
    http.send('POST', t.url.pathname, JSON_TYPE, handshake);
    successful(messagesOf(await http.answer())[0]);
  }
});

define('http: Connection: close is kept', async (t) => {
  const http = await t.http();
  http.send('POST', t.url.pathname, { ...JSON_TYPE, Connection: 'close' }, handshake);
  successful(messagesOf(await http.answer())[0]);
  await http.bytes.end();
});

define('http: names of headers may be written in any case', async (t) => {
  const http = await t.http();
  http.bytes.write(`POST ${t.url.pathname} HTTP/1.1\r\nhOST: ${t.url.host}\r\ncontent-TYPE: application/json\r\nCONTENT-length: ${handshake.length}\r\n\r\n${handshake}`);
  successful(messagesOf(await http.answer())[0]);
});

define('http: pipelined requests are answered in their order', async (t) => {
  const http = await t.http();
  const bodies = ['1', '2', '3', '4'].map((id) => handshake.replace('"id":"h"', `"id":"${id}"`));
  http.bytes.write(Buffer.concat(bodies.map((body) => Http.encode(t.url, 'POST', t.url.pathname, JSON_TYPE, body))));
  for (const id of ['1', '2', '3', '4']) assert.equal(messagesOf(await http.answer())[0]?.['id'], id);
});

define('http: a body in chunks is one body', async (t) => {
  const http = await t.http();
  http.send('POST', t.url.pathname, { ...JSON_TYPE, 'Transfer-Encoding': 'chunked' });
  for (let at = 0; at < handshake.length; at += 20) {
    const part = handshake.slice(at, at + 20);
    http.bytes.write(`${part.length.toString(16)}\r\n${part}\r\n`);
  }
  http.bytes.write('0\r\n\r\n');
  successful(messagesOf(await http.answer())[0]);
});

define('http: a request that comes byte by byte is served', async (t) => {
  const http = await t.http();
  for (const byte of Http.encode(t.url, 'POST', t.url.pathname, JSON_TYPE, handshake)) {
    http.bytes.write(Buffer.from([byte]));
    await new Promise((resolve) => setImmediate(resolve));
  }
  successful(messagesOf(await http.answer())[0]);
});

define('http: Expect: 100-continue is answered before the body', async (t) => {
  const http = await t.http();
  http.send('POST', t.url.pathname, { ...JSON_TYPE, 'Content-Length': String(handshake.length), Expect: '100-continue' });
  assert.equal(await http.interim(), 100);
  http.bytes.write(handshake);
  successful(messagesOf(await http.answer())[0]);
});

define('http: a client that goes away during a hold loses no message', async (t) => {
  const session = await t.session();
  await session.subscribe(t.channel());
  const http = await t.http();
  http.send('POST', t.url.pathname, { ...JSON_TYPE, ...session.headers }, JSON.stringify([{ channel: '/meta/connect', clientId: session.clientId, id: 'gone', connectionType: 'long-polling' }]));
  await t.stillHeld(http.answer(), session);
  http.close();
  // The server has had its turns to see the end of the connection: what it writes into one that it takes for open may be lost without the ack extension.
  for (let turn = 0; turn < 10; ++turn) await session.publish(`${t.channel()}/elsewhere`, turn);
  await session.publish(t.channel(), 'kept');
  await session.connectNow();
  if (session.data.length === 0) await session.connectNow();
  assert.equal(session.data[0]?.['data'], 'kept');
}, { needs: ['notices-break'] });

define('http: while a connect is held, other connections are served', async (t) => {
  const session = await t.session();
  const held = session.connect();
  await t.stillHeld(held, session, 10);
});

define('http: GET without a message is refused', async (t) => {
  const http = await t.http();
  http.send('GET', t.url.pathname, {});
  assert((await http.answer('GET')).status >= 400);
});

for (const [name, headers, body] of [
  ['Content-Length and Transfer-Encoding together', { 'Content-Length': '2', 'Transfer-Encoding': 'chunked' }, '0\r\n\r\n'],
  ['two different Content-Lengths', { 'Content-Length': '2', 'content-length': '3' }, '[]'],
  ['a negative Content-Length', { 'Content-Length': '-1' }, ''],
  ['a Content-Length that is no number', { 'Content-Length': 'abc' }, ''],
  ['a chunk size that is no number', { 'Transfer-Encoding': 'chunked' }, 'xyz\r\n[]\r\n0\r\n\r\n'],
] as const) {
  define(`http: ${name} is refused, and the connection closed`, async (t) => {
    const http = await t.http();
    http.send('POST', t.url.pathname, { ...JSON_TYPE, ...headers }, body);
    const answer = await http.answer();
    assert(answer.status >= 400, `status ${answer.status}`);
    await http.bytes.end();
    await t.alive();
  });
}

define('http: a request without Host is refused', async (t) => {
  const http = await t.http();
  http.bytes.write(`POST ${t.url.pathname} HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: ${handshake.length}\r\n\r\n${handshake}`);
  assert.equal((await http.answer()).status, 400);
});
