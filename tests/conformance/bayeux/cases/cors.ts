/** Pages of other origins: preflights, and the headers without which browsers hide the answers. */
import assert from 'node:assert/strict';
import { define, messagesOf, successful } from '../lib/case.ts';
import { ORIGIN } from '../lib/probe.ts';

const handshake = [{ channel: '/meta/handshake', id: 'h', version: '1.0', supportedConnectionTypes: ['long-polling'] }];
const PREFLIGHT = { Origin: ORIGIN, 'Access-Control-Request-Method': 'POST', 'Access-Control-Request-Headers': 'content-type' };

define('cors: OPTIONS does not fail', async (t) => {
  const http = await t.http();
  http.send('OPTIONS', t.url.pathname, {});
  assert((await http.answer()).status < 300);
});

for (const below of ['', '/handshake', '/connect']) {
  define(`cors: a preflight of <base>${below} is answered`, async (t) => {
    const http = await t.http();
    http.send('OPTIONS', t.url.pathname + below, PREFLIGHT);
    const { status, headers } = await http.answer();
    assert(status < 300, `status ${status}`);
    assert.equal(headers.get('access-control-allow-origin'), ORIGIN);
    assert.equal(headers.get('access-control-allow-credentials'), 'true');
  }, { needs: ['cors'] });
}

define('cors: a preflight allows POST and Content-Type', async (t) => {
  const http = await t.http();
  http.send('OPTIONS', t.url.pathname, PREFLIGHT);
  const { headers } = await http.answer();
  assert.match(headers.get('access-control-allow-methods') ?? '', /\bPOST\b/);
  assert.match(headers.get('access-control-allow-headers') ?? '', /\bcontent-type\b/i);
}, { needs: ['cors'] });

define('cors: an answer names the origin itself, with credentials', async (t) => {
  const answer = await t.post(handshake, { 'Content-Type': 'application/json', Origin: ORIGIN });
  successful(messagesOf(answer)[0]);
  assert.equal(answer.headers.get('access-control-allow-origin'), ORIGIN);
  assert.equal(answer.headers.get('access-control-allow-credentials'), 'true');
}, { needs: ['cors'] });

define('cors: an answer that depends on the origin says so to caches', async (t) => {
  const answer = await t.post(handshake, { 'Content-Type': 'application/json', Origin: ORIGIN });
  assert.match(answer.headers.get('vary') ?? '', /\borigin\b/i);
}, { needs: ['cors'] });

define('cors: a refusal is readable by the page too', async (t) => {
  const answer = await t.post('[{', { 'Content-Type': 'application/json', Origin: ORIGIN });
  assert(answer.status >= 400);
  assert.equal(answer.headers.get('access-control-allow-origin'), ORIGIN);
}, { needs: ['cors'] });

define('cors: a held connect\'s answer is readable by the page too', async (t) => {
  const session = await t.session();
  const http = await t.http();
  http.send('POST', t.url.pathname, { 'Content-Type': 'application/json', Origin: ORIGIN, ...session.headers },
    JSON.stringify([{ channel: '/meta/connect', clientId: session.clientId, id: 'c', connectionType: 'long-polling', advice: { timeout: 200 } }]));
  const { status, headers } = await http.answer();
  assert.deepEqual([status, headers.get('access-control-allow-origin')], [200, ORIGIN]);
}, { needs: ['cors'] });

define('cors: a request without an Origin is served', async (t) => {
  const answer = await t.post(handshake);
  successful(messagesOf(answer)[0]);
});
