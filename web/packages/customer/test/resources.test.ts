import { describe, expect, it } from 'vitest';
import { Uploader } from '../src/resources.ts';

const bytes = (text: string): ArrayBuffer => new TextEncoder().encode(text).buffer;
/** SHA-256 of "abc", from the standard. */
const abc = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';

function setup(more: { stored?: string[]; fail?: (path: string) => boolean; used?: number; here?: boolean } = {}) {
  const stored = new Set(more.stored);
  const requests: { method: string; path: string; headers: Record<string, string>; credentials: string | undefined; size: number }[] = [];
  let used = more.used ?? 0;
  let open = 0;
  let most = 0;
  const up = new Uploader({
    where: () => (more.here === false ? undefined : { base: 'https://help.example/cobrowse/n/a', userToken: 'token' }),
    used: { get: () => used, set: (n) => { used = n; } },
    subtle: crypto.subtle,
    fetch: async (input, init) => {
      const path = String(input).replace('https://help.example/cobrowse/n/a/resource/', '');
      const body = init!.body as string | ArrayBuffer;
      requests.push({ method: init!.method!, path, headers: init!.headers as Record<string, string>, credentials: init!.credentials, size: typeof body === 'string' ? body.length : body.byteLength });
      if (init!.method === 'PUT') most = Math.max(most, ++open);
      await new Promise((done) => setTimeout(done));
      if (init!.method === 'PUT') --open;
      if (more.fail?.(path)) return new Response(null, { status: 503 });
      if (path !== 'missing') {
        stored.add(path);
        return new Response(null, { status: 201 });
      }
      const { hashes } = JSON.parse(body as string) as { hashes: string[] };
      return Response.json({ missing: hashes.filter((h) => !stored.has(h)) });
    },
  });
  return { up, requests, used: () => used, most: () => most };
}

describe('resource upload', () => {
  it('names by content, asks, and uploads what is missing', async () => {
    const { up, requests, used } = setup();
    expect(await up.put('https://shop.example/a.svg', 'image/svg+xml', bytes('abc'))).toBe(abc);
    expect(requests).toEqual([
      { method: 'POST', path: 'missing', headers: { 'Content-Type': 'application/json', 'X-Twinpane-User': 'token' }, credentials: 'omit', size: JSON.stringify({ hashes: [abc] }).length },
      { method: 'PUT', path: abc, headers: { 'Content-Type': 'image/svg+xml', 'X-Twinpane-User': 'token' }, credentials: 'omit', size: 3 },
    ]);
    expect(used()).toBe(3);
  });

  it('does not upload what the server has', async () => {
    const { up, requests } = setup({ stored: [abc] });
    expect(await up.put('u', 'text/css', bytes('abc'))).toBe(abc);
    expect(requests.map((r) => r.method)).toEqual(['POST']);
  });

  it('asks once for many, uploads three at a time, and the same content once', async () => {
    const { up, requests, most } = setup();
    const all = await Promise.all(Array.from({ length: 20 }, (_, i) => up.put(`u${String(i)}`, '', bytes(`content ${String(i % 10)}`))));
    expect(new Set(all).size).toBe(10);
    expect(requests.filter((r) => r.method === 'POST').length).toBe(1);
    expect(requests.filter((r) => r.method === 'PUT').length).toBe(10);
    expect(most()).toBe(3);
  });

  it('never rejects: what can not be stored is not available, and may be tried again', async () => {
    let broken = true;
    const { up } = setup({ fail: () => broken });
    expect(await up.put('u', '', bytes('abc'))).toBe('');
    broken = false;
    expect(await up.put('u', '', bytes('abc'))).toBe(abc);
    expect(await setup({ here: false }).up.put('u', '', bytes('abc'))).toBe('');
  });

  it('keeps to its bounds: 5 MiB each, 50 MiB a session', async () => {
    const { up, requests } = setup({ used: 50 * 1024 * 1024 - 2 });
    expect(await up.put('u', '', new ArrayBuffer(5 * 1024 * 1024 + 1))).toBe('');
    expect(requests).toEqual([]);
    expect(await up.put('u', '', bytes('abc'))).toBe('');
    expect(await up.put('u', '', bytes('ab'))).toMatch(/^[0-9a-f]{64}$/);
  });
});
