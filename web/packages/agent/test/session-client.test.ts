import { describe, expect, it } from 'vitest';
import { Channel } from '@twinpane/protocol';
import { ApiError } from '../src/core/api.ts';
import { BusError, PING_CHANNEL } from '../src/core/bus.ts';
import { Bench, batch, joined, noPage, record, settle } from './fakes.ts';

const error = (code: number): BusError => new BusError(code, false, `error ${code}`);

describe('joining', () => {
  it('joins as an agent by the digits and keeps the user token', async () => {
    const bench = new Bench();
    await bench.bind();
    expect(bench.bus.sent[0]).toMatchObject({ channel: Channel.Join, data: { sessionToken: '481302977', role: 2 } });
    await expect(bench.started).resolves.toBeUndefined();
    expect(bench.saved.at(-1)).toEqual({
      sessionToken: '481302977', userToken: '07aa', base: '/cobrowse/n/a', historyId: 'h1', customer: 'Marta Lindqvist',
    });
  });

  it('rejects when the code is not known, and stops', async () => {
    const bench = new Bench();
    const started = bench.client.start();
    bench.bus.handlers!.up();
    bench.bus.sent[0]!.fail(error(4200));
    await expect(started).rejects.toMatchObject({ code: 4200 });
    expect(bench.bus.stopped).toBe(true);
    expect(bench.phase).toBe('failed');
  });

  it('comes back by user token after a reload, without joining again', async () => {
    const bench = new Bench({ sessionToken: '481302977', userToken: '07bb', base: '/cobrowse/n/a', historyId: 'h1', customer: 'Marta' });
    expect(bench.phase).toBe('reconnecting');
    await bench.bind();
    expect(bench.bus.sent[0]).toMatchObject({ channel: Channel.Rejoin, data: { userToken: '07bb' } });
    expect(bench.bus.count(Channel.Join)).toBe(0);
    expect(bench.phase).toBe('loading');
  });

  it('tries again while the server is stopping', async () => {
    const bench = new Bench();
    void bench.client.start();
    bench.bus.handlers!.up();
    bench.bus.sent[0]!.fail(error(5002));
    await settle();
    await bench.clock.tick(250);
    expect(bench.bus.count(Channel.Join)).toBe(2);
    bench.bus.last(Channel.Join).answer(joined());
    await settle();
    expect(bench.phase).toBe('loading');
  });

  it('shows who ended it when the session is over on coming back', async () => {
    const bench = new Bench({ sessionToken: '481302977', userToken: '07bb', base: '/cobrowse', historyId: 'h1', customer: 'Marta' });
    bench.history = () => Promise.resolve(record({ deactivationTime: 1_699_999_999_000, endedBy: 'customer', endReason: 'self' }));
    void bench.client.start();
    bench.bus.handlers!.up();
    bench.bus.sent[0]!.fail(error(4203));
    await settle();
    expect(bench.client.state.ended).toEqual({ by: 'customer', reason: 'self', at: 1_699_999_999_000, mine: false });
    expect(bench.saved.at(-1)).toBeUndefined();
    expect(bench.bus.stopped).toBe(true);
  });

  it('takes start time, site and earlier pages from the record', async () => {
    const bench = new Bench();
    bench.history = () => Promise.resolve(record({
      pages: [{ url: 'https://shop.example/a', title: 'A', enteredTimestamp: 1_699_999_960_000, duration: 3 }],
    }));
    await bench.bind();
    expect(bench.client.state).toMatchObject({ startedAt: 1_699_999_900_000, site: 'shop' });
    bench.event({ type: 'page', e: 2, s: 1, complete: false, url: 'https://shop.example/b', title: 'B' });
    expect(bench.client.state.pages.map((page) => page.title)).toEqual(['A', 'B']);
  });
});

describe('consent', () => {
  it('fetches nothing before the yes', async () => {
    const bench = new Bench();
    await bench.bind(joined({ consent: 'asked', state: 'waiting' }));
    expect(bench.phase).toBe('consent');
    expect(bench.pages.open).toHaveLength(0);
    bench.event({ type: 'consent', state: 'given' });
    expect(bench.pages.open).toHaveLength(1);
    expect(bench.phase).toBe('loading');
  });

  it('says so when the customer refuses', async () => {
    const bench = new Bench();
    await bench.bind(joined({ consent: 'asked', state: 'waiting', page: null }));
    bench.event({ type: 'consent', state: 'refused' });
    expect(bench.phase).toBe('refused');
    expect(bench.pages.open).toHaveLength(0);
    expect(bench.posted).toContainEqual({ t: 'veil', veil: 'hidden' });
  });
});

describe('the page', () => {
  it('is live only after the snapshot was painted', async () => {
    const bench = new Bench();
    await bench.bind();
    expect(bench.pages.last.request).toMatchObject({ base: '/cobrowse/n/a', userToken: '07aa', sessionToken: '481302977' });
    await bench.pages.serve(1, 5);
    expect(bench.phase).toBe('loading');
    bench.from({ t: 'painted', e: 1, s: 5 });
    expect(bench.phase).toBe('live');
    expect(bench.posted.find((m) => m.t === 'reset')).toBeDefined();
  });

  it('waits for the viewer before it fetches', async () => {
    const bench = new Bench();
    await bench.bind(joined(), false);
    expect(bench.pages.open).toHaveLength(0);
    bench.viewer();
    expect(bench.pages.open).toHaveLength(1);
  });

  it('holds back batches during the fetch and applies those after it, in order', async () => {
    const bench = new Bench();
    await bench.bind();
    for (const s of [4, 5, 6, 7]) bench.page(batch(1, s));
    expect(bench.applied).toEqual([]);
    await bench.pages.serve(1, 5);
    expect(bench.applied).toEqual([6, 7]);
    bench.page(batch(1, 7));
    bench.page(batch(1, 8));
    expect(bench.applied).toEqual([6, 7, 8]);
  });

  it('fetches again after a gap', async () => {
    const bench = new Bench();
    await bench.live();
    bench.page(batch(1, 7));
    expect(bench.applied).toEqual([]);
    expect(bench.pages.open).toHaveLength(2);
    expect(bench.phase).toBe('loading');
    bench.page(batch(1, 8));
    await bench.pages.serve(1, 7);
    expect(bench.applied).toEqual([8]);
  });

  it('fetches again when a held batch does not follow on the snapshot', async () => {
    const bench = new Bench();
    await bench.bind();
    bench.page(batch(1, 9));
    await bench.pages.serve(1, 5);
    expect(bench.pages.open).toHaveLength(2);
  });

  it('keeps the old picture, veiled, until a newer page is complete', async () => {
    const bench = new Bench();
    await bench.live();
    bench.event({ type: 'page', e: 2, s: 1, complete: false, url: 'https://shop.example/b', title: '' });
    expect(bench.phase).toBe('loading');
    expect(bench.posted.at(-1)).toEqual({ t: 'veil', veil: 'stale' });
    bench.page(batch(2, 1));
    expect(bench.pages.open).toHaveLength(1);
    bench.event({ type: 'page', e: 2, s: 3, complete: true, url: 'https://shop.example/b', title: 'B' });
    expect(bench.pages.open).toHaveLength(2);
    await bench.pages.serve(2, 3);
    bench.page(batch(1, 6));
    bench.page(batch(2, 4));
    expect(bench.applied).toEqual([4]);
    bench.from({ t: 'painted', e: 2, s: 4 });
    expect(bench.phase).toBe('live');
  });

  it('drops a fetch when a newer page begins meanwhile', async () => {
    const bench = new Bench();
    await bench.bind();
    const old = bench.pages.last;
    bench.event({ type: 'page', e: 2, s: 1, complete: false, url: 'https://shop.example/b', title: '' });
    expect(old.request.signal.aborted).toBe(true);
    bench.event({ type: 'page', e: 2, s: 2, complete: true, url: 'https://shop.example/b', title: '' });
    await bench.pages.serve(2, 2);
    bench.from({ t: 'painted', e: 2, s: 2 });
    expect(bench.phase).toBe('live');
  });

  it('does not fetch for a change of title', async () => {
    const bench = new Bench();
    await bench.live();
    bench.event({ type: 'page', e: 1, s: 6, complete: true, url: 'https://shop.example/', title: 'Basket (2)' });
    expect(bench.pages.open).toHaveLength(1);
    expect(bench.client.state.page?.title).toBe('Basket (2)');
    expect(bench.phase).toBe('live');
  });

  it('takes half a snapshot for none', async () => {
    const bench = new Bench();
    await bench.bind();
    const first = bench.pages.last;
    first.sink.batch({ v: 1, e: 1, s: 5, o: [[0, {}]] });
    first.end();
    await settle();
    expect(bench.phase).toBe('loading');
    await bench.clock.tick(250);
    expect(bench.pages.open).toHaveLength(2);
    await bench.pages.serve(1, 5);
    bench.from({ t: 'painted', e: 1, s: 5 });
    expect(bench.phase).toBe('live');
  });

  it('waits for the event when there is no page', async () => {
    const bench = new Bench();
    await bench.bind();
    bench.pages.last.fail(noPage());
    await settle();
    await bench.clock.tick(5000);
    expect(bench.pages.open).toHaveLength(1);
    bench.event({ type: 'page', e: 1, s: 9, complete: true, url: 'https://shop.example/', title: '' });
    expect(bench.pages.open).toHaveLength(2);
  });

  it('gives up after eight tries and starts over when asked', async () => {
    const bench = new Bench();
    await bench.bind();
    for (let i = 0; i < 8; i++) {
      bench.pages.last.fail(new ApiError(500, 5000, 'The server made a mistake; the log says more.'));
      await settle();
      await bench.clock.tick(2000);
    }
    expect(bench.pages.open).toHaveLength(8);
    expect(bench.client.state.pageTrouble).toMatchObject({ code: 5000 });
    bench.client.fetchAgain();
    expect(bench.pages.open).toHaveLength(9);
    expect(bench.client.state.pageTrouble).toBeUndefined();
  });

  it('repairs a broken picture by a fetch, but not for ever', async () => {
    const bench = new Bench();
    await bench.live();
    for (let i = 0; i < 3; i++) {
      bench.from({ t: 'broken', e: 1, why: 'checksum', detail: '' });
      await bench.pages.serve(1, 5);
    }
    expect(bench.pages.open).toHaveLength(4);
    bench.from({ t: 'broken', e: 1, why: 'checksum', detail: '' });
    expect(bench.client.state.pageTrouble).toMatchObject({ code: 4305 });
    expect(bench.pages.open).toHaveLength(4);
  });

  it('shows how far the fetch is', async () => {
    const bench = new Bench();
    await bench.bind();
    bench.pages.last.sink.progress(38, 100);
    expect(bench.client.state.loading).toEqual({ bytes: 38, total: 100 });
  });
});

describe('breaks', () => {
  it('keeps the picture when nothing was missed', async () => {
    const bench = new Bench();
    await bench.live();
    bench.bus.handlers!.down();
    expect(bench.phase).toBe('reconnecting');
    expect(bench.posted).toContainEqual({ t: 'veil', veil: 'stale' });
    bench.bus.handlers!.up();
    expect(bench.bus.last(Channel.Rejoin).data).toMatchObject({ userToken: '07aa' });
    bench.bus.last(Channel.Rejoin).answer(joined());
    await settle();
    expect(bench.phase).toBe('live');
    expect(bench.pages.open).toHaveLength(1);
  });

  it('fetches again when something was missed', async () => {
    const bench = new Bench();
    await bench.live();
    bench.bus.handlers!.down();
    bench.bus.handlers!.up();
    bench.bus.last(Channel.Rejoin).answer(joined({ page: { e: 1, s: 8, complete: true } }));
    await settle();
    expect(bench.phase).toBe('loading');
    expect(bench.pages.open).toHaveLength(2);
  });

  it('takes a new epoch after the node was lost', async () => {
    const bench = new Bench();
    await bench.live();
    bench.bus.handlers!.down();
    bench.bus.handlers!.up();
    bench.bus.last(Channel.Rejoin).answer(joined({ page: null }));
    await settle();
    expect(bench.phase).toBe('loading');
    bench.event({ type: 'page', e: 7, s: 2, complete: true, url: 'https://shop.example/', title: '' });
    await bench.pages.serve(7, 2);
    bench.from({ t: 'painted', e: 7, s: 2 });
    expect(bench.phase).toBe('live');
    bench.from({ t: 'acts', e: 1, acts: [[1, 1, 1, 1, 0, 0]] });
    expect(bench.bus.count(Channel.Act)).toBe(0);
    bench.from({ t: 'acts', e: 7, acts: [[1, 1, 1, 1, 0, 0]] });
    expect(bench.bus.last(Channel.Act).data).toMatchObject({ e: 7, n: 1 });
  });

  it('asks for a new viewer before it fetches under a new resource base', async () => {
    const bench = new Bench();
    await bench.live();
    bench.bus.handlers!.down();
    bench.bus.handlers!.up();
    bench.bus.last(Channel.Rejoin).answer(joined({ page: { e: 2, s: 1, complete: true }, resources: 'https://view.example/r2/' }));
    await settle();
    expect(bench.client.resources).toBe('https://view.example/r2/');
    expect(bench.pages.open).toHaveLength(1);
    bench.viewer();
    expect(bench.pages.open).toHaveLength(2);
  });

  it('drops a connection that has been silent for five seconds', async () => {
    const bench = new Bench();
    await bench.live();
    expect(bench.bus.count(PING_CHANNEL)).toBe(1);
    await bench.clock.tick(4900);
    expect(bench.bus.count(PING_CHANNEL)).toBe(1);
    expect(bench.bus.kicks).toBe(0);
    await bench.clock.tick(200);
    expect(bench.bus.kicks).toBe(1);
  });

  it('measures the round trip', async () => {
    const bench = new Bench();
    await bench.bind();
    await bench.clock.tick(42);
    bench.bus.last(PING_CHANNEL).answer();
    await settle();
    expect(bench.client.state.rtt).toBe(42);
  });

  it('stops when the session is open elsewhere, and takes it back when asked', async () => {
    const bench = new Bench();
    await bench.live();
    bench.event({ type: 'replaced' });
    expect(bench.phase).toBe('replaced');
    bench.bus.handlers!.up();
    expect(bench.bus.count(Channel.Rejoin)).toBe(0);
    bench.client.takeBack();
    bench.bus.last(Channel.Rejoin).answer(joined());
    await settle();
    expect(bench.phase).toBe('live');
  });

  it('says reconnecting within a second of the news that the customer is away, and since when', async () => {
    const bench = new Bench();
    await bench.live();
    const since = bench.clock.now();
    bench.event({ type: 'presence', userId: 'u1', online: false });
    await bench.clock.tick(400);
    bench.event({ type: 'presence', userId: 'u1', online: true });
    await bench.clock.tick(5000);
    expect(bench.phase).toBe('live');
    bench.event({ type: 'presence', userId: 'u1', online: false });
    await bench.clock.tick(1000);
    expect(bench.client.state).toMatchObject({ phase: 'reconnecting', since: since + 5400 });
    expect(bench.posted.filter((m) => m.t === 'mode').at(-1)).toMatchObject({ enabled: false });
    expect(bench.posted.filter((m) => m.t === 'veil').at(-1)).toMatchObject({ veil: 'stale' });
    bench.event({ type: 'presence', userId: 'u1', online: true });
    expect(bench.phase).toBe('live');
  });
});

describe('write mode', () => {
  it('asks, is given it, and gives it back', async () => {
    const bench = new Bench();
    await bench.live();
    bench.client.askForWrite('fill in the code');
    expect(bench.bus.last(Channel.Mode).data).toMatchObject({ want: 'write', why: 'fill in the code' });
    expect(bench.client.state.ask).toMatchObject({ why: 'fill in the code' });
    bench.bus.last(Channel.Mode).answer({ requestId: 'r1' });
    bench.event({ type: 'mode', mode: 'write', by: 'u1', state: 'changed' });
    expect(bench.client.state).toMatchObject({ mode: 'write', ask: undefined, modeNote: { kind: 'agreed' } });
    expect(bench.posted.filter((m) => m.t === 'mode').at(-1)).toEqual({ t: 'mode', mode: 'write', enabled: true });
    bench.client.toPointer();
    expect(bench.bus.last(Channel.Mode).data).toMatchObject({ want: 'pointer' });
    bench.event({ type: 'mode', mode: 'pointer', by: 'u2', state: 'changed' });
    expect(bench.client.state.modeNote?.kind).toBe('given-back');
  });

  it('tells a refusal, a take-back and no answer apart', async () => {
    const bench = new Bench();
    await bench.live();
    bench.client.askForWrite();
    bench.event({ type: 'mode', mode: 'pointer', by: 'u1', state: 'refused' });
    expect(bench.client.state).toMatchObject({ ask: undefined, mode: 'pointer', modeNote: { kind: 'refused' } });
    bench.client.askForWrite();
    bench.event({ type: 'mode', mode: 'write', by: 'u1', state: 'changed' });
    bench.event({ type: 'mode', mode: 'pointer', by: 'u1', state: 'changed' });
    expect(bench.client.state.modeNote?.kind).toBe('taken-back');
    bench.client.askForWrite();
    await bench.clock.tick(36_000);
    expect(bench.client.state).toMatchObject({ ask: undefined, modeNote: { kind: 'no-answer' } });
  });

  it('lets nothing act while the page is not live', async () => {
    const bench = new Bench();
    await bench.live();
    bench.from({ t: 'acts', e: 1, acts: [[1, 5, 5, 2, 0, 0]] });
    bench.from({ t: 'acts', e: 1, acts: [[1, 6, 6, 2, 0, 0]] });
    expect(bench.bus.sent.filter((sent) => sent.channel === Channel.Act).map((sent) => sent.data['n'])).toEqual([1, 2]);
    bench.bus.handlers!.down();
    bench.from({ t: 'acts', e: 1, acts: [[1, 7, 7, 2, 0, 0]] });
    expect(bench.bus.count(Channel.Act)).toBe(2);
    expect(bench.posted.filter((m) => m.t === 'mode').at(-1)).toMatchObject({ enabled: false });
  });

  it('navigates in write mode only', async () => {
    const bench = new Bench();
    await bench.live();
    bench.client.navigate('back');
    expect(bench.bus.count(Channel.Act)).toBe(0);
    bench.event({ type: 'mode', mode: 'write', by: 'u1', state: 'changed' });
    bench.client.navigate('back');
    expect(bench.bus.last(Channel.Act).data).toMatchObject({ e: 1, a: [[8, 'back']] });
  });
});

describe('acts that are refused', () => {
  const writing = async (): Promise<Bench> => {
    const bench = new Bench();
    await bench.live();
    bench.event({ type: 'mode', mode: 'write', by: 'u1', state: 'changed' });
    return bench;
  };
  const click = async (bench: Bench, code?: number): Promise<void> => {
    bench.from({ t: 'acts', e: 1, acts: [[1, 5, 5, 7, 0, 0], [3, 7, 5000, 5000, 0, 1, 0]] });
    if (code === undefined) bench.bus.last(Channel.Act).answer();
    else bench.bus.last(Channel.Act).fail(error(code));
    await settle();
  };

  it('are told, and forgotten after a few seconds', async () => {
    const bench = await writing();
    let heard = 0;
    bench.client.changes.on(() => { heard += 1; });
    await click(bench, 4404);
    expect(bench.client.state.refused).toEqual({ code: 4404, at: bench.clock.now() });
    expect(heard).toBeGreaterThan(0);
    await bench.clock.tick(3000);
    await click(bench, 4401);
    await bench.clock.tick(5000);
    expect(bench.client.state.refused?.code).toBe(4401);
    await bench.clock.tick(1500);
    expect(bench.client.state.refused).toBeUndefined();
  });

  it('are forgotten at the next act that is let through, not at a move of the pointer', async () => {
    const bench = await writing();
    await click(bench, 4402);
    bench.from({ t: 'acts', e: 1, acts: [[1, 9, 9, 7, 0, 0]] });
    bench.bus.last(Channel.Act).answer();
    await settle();
    expect(bench.client.state.refused?.code).toBe(4402);
    await click(bench);
    expect(bench.client.state.refused).toBeUndefined();
  });

  it('are not told when only the pointer moved, or when the line broke', async () => {
    const bench = await writing();
    bench.from({ t: 'acts', e: 1, acts: [[1, 9, 9, 7, 0, 0]] });
    bench.bus.last(Channel.Act).fail(error(4501));
    await settle();
    expect(bench.client.state.refused).toBeUndefined();
    bench.from({ t: 'acts', e: 1, acts: [[3, 7, 0, 0, 0, 1, 0]] });
    bench.bus.last(Channel.Act).fail(BusError.lost());
    await settle();
    expect(bench.client.state.refused).toBeUndefined();
  });

  it('are forgotten with write mode and with the page', async () => {
    const bench = await writing();
    await click(bench, 4404);
    bench.event({ type: 'mode', mode: 'pointer', by: 'u1', state: 'changed' });
    expect(bench.client.state.refused).toBeUndefined();
    bench.event({ type: 'mode', mode: 'write', by: 'u1', state: 'changed' });
    await click(bench, 4404);
    bench.bus.handlers!.down();
    expect(bench.client.state.refused).toBeUndefined();
  });
});

describe('acknowledgements', () => {
  it('sends the newest paint at most four times a second', async () => {
    const bench = new Bench();
    await bench.live();
    for (let s = 6; s < 26; s++) {
      bench.from({ t: 'painted', e: 1, s });
      await bench.clock.tick(50);
    }
    await bench.clock.tick(1000);
    const acks = bench.bus.sent.filter((sent) => sent.channel === Channel.Page).map((sent) => sent.data);
    expect(acks.length).toBeLessThanOrEqual(6);
    expect(acks.at(-1)).toEqual({ v: 1, e: 1, s: 25, p: 1 });
  });
});

describe('ending', () => {
  it('clears the picture at once and tells the server', async () => {
    const bench = new Bench();
    await bench.live();
    bench.client.end();
    expect(bench.phase).toBe('ended');
    expect(bench.posted).toContainEqual({ t: 'reset' });
    expect(bench.posted.at(-1)).toEqual({ t: 'veil', veil: 'hidden' });
    expect(bench.saved.at(-1)).toBeUndefined();
    expect(bench.bus.last(Channel.Exit).data).toMatchObject({ userToken: '07aa' });
    expect(bench.bus.stopped).toBe(false);
    bench.bus.last(Channel.Exit).answer({});
    await settle();
    expect(bench.bus.stopped).toBe(true);
  });

  it('tells it later when the connection is broken now', async () => {
    const bench = new Bench();
    await bench.live();
    bench.bus.handlers!.down();
    bench.client.end();
    expect(bench.phase).toBe('ended');
    bench.bus.handlers!.up();
    bench.bus.last(Channel.Rejoin).answer(joined());
    await settle();
    expect(bench.bus.count(Channel.Exit)).toBe(1);
    bench.bus.last(Channel.Exit).answer({});
    await settle();
    expect(bench.bus.stopped).toBe(true);
    expect(bench.phase).toBe('ended');
  });

  it('shows who ended it', async () => {
    const bench = new Bench();
    await bench.live();
    bench.event({ type: 'deactivated', by: 'customer', reason: 'self' });
    expect(bench.client.state.ended).toMatchObject({ by: 'customer', reason: 'self', mine: false });
    expect(bench.bus.stopped).toBe(true);
    expect(bench.posted).toContainEqual({ t: 'reset' });
    bench.page(batch(1, 6));
    expect(bench.applied).toEqual([]);
  });
});
