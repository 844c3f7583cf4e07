import { beforeEach, describe, expect, it } from 'vitest';
import { ErrorCode, type Act, type Batch } from '@twinpane/protocol';
import { Session, type View } from '../src/session.ts';
import { FakeBus, FakeClock, FakeKeep, FakeSource, ines, joined, settle } from './fakes.ts';

let bus: FakeBus;
let clock: FakeClock;
let keep: FakeKeep;
let sources: FakeSource[];
let views: View[];
let pointed: [string, Act[]][];
let session: Session;
let reachable: boolean;

function make(site?: string): Session {
  return new Session({
    bus, clock, keep, base: 'https://help.example/cobrowse', ...(site !== undefined && { site }),
    source: (_policy, emit: (b: Batch) => void) => {
      const source = new FakeSource(emit);
      sources.push(source);
      return source;
    },
    changed: (view) => views.push(view),
    reachable: () => Promise.resolve(reachable),
    point: (from, acts) => pointed.push([from, acts]),
  });
}
const source = (): FakeSource => sources.at(-1)!;
const receipts = (): void => { for (const p of bus.published.splice(0)) p.done(); };

beforeEach(() => {
  bus = new FakeBus();
  clock = new FakeClock();
  keep = new FakeKeep();
  sources = [];
  views = [];
  pointed = [];
  reachable = false;
  session = make();
});

async function waiting(): Promise<void> {
  session.start();
  bus.handlers!.up();
  await bus.answer('create', { sessionToken: '481302976', base: '/cobrowse', expiresIn: 600 });
  await bus.answer('join', joined());
}
async function asked(): Promise<void> {
  await waiting();
  await bus.event({ type: 'joined', user: ines });
  await bus.event({ type: 'consent', state: 'asked', user: ines });
}
async function live(): Promise<void> {
  await asked();
  session.consent(true, 'text');
  await bus.answer('consent', {});
  await bus.event({ type: 'consent', state: 'given' });
  await bus.event({ type: 'page', do: 'begin', e: 3 });
}

describe('session', () => {
  it('goes from the button to the digits, and says nothing about the page', async () => {
    session = make('shop');
    session.start();
    expect(session.view.phase).toBe('starting');
    bus.handlers!.up();
    const create = await bus.answer('create', { sessionToken: '012345678', base: '/cobrowse', expiresIn: 600 });
    expect(create).toEqual({ v: 1, site: 'shop' });
    const join = await bus.answer('join', joined());
    expect(join).toEqual({ v: 1, sessionToken: '012345678', role: 1 });
    expect(session.view).toMatchObject({ phase: 'waiting', code: '012345678', codeUntil: clock.time + 600_000, agents: [] });
    expect(source().begun).toEqual([]);
    expect(keep.kept).toMatchObject({ userToken: joined().userToken, base: 'https://help.example/cobrowse', sessionToken: '012345678' });
  });

  it('moves to the base it is given, before it joins', async () => {
    session.start();
    bus.handlers!.up();
    await bus.answer('create', { sessionToken: '481302976', base: '/cobrowse/n/a', expiresIn: 600 });
    expect(bus.base).toBe('https://help.example/cobrowse/n/a');
    expect(bus.calls).toEqual([]);
    bus.handlers!.up();
    await bus.answer('join', joined({ base: 'https://help.example/cobrowse/n/a' }));
    expect(session.view.phase).toBe('waiting');
    expect(bus.opened).toBe(2);
    expect(keep.kept!.base).toBe('https://help.example/cobrowse/n/a');
  });

  it('shares nothing before the yes, then begins the epoch it is told to', async () => {
    await asked();
    expect(session.view).toMatchObject({ phase: 'asked', agents: [ines] });
    expect(bus.published).toEqual([]);
    session.consent(true, 'Share this page with Ines?');
    expect((await bus.answer('consent', {})).text).toBe('Share this page with Ines?');
    expect(source().running).toBe(false);
    await bus.event({ type: 'consent', state: 'given' });
    await bus.event({ type: 'page', do: 'begin', e: 3 });
    expect(session.view.phase).toBe('live');
    expect(source().begun).toEqual([3]);
    expect(bus.published.map((p) => [p.batch.e, p.batch.s])).toEqual([[3, 1], [3, 2]]);
    // The same order again changes nothing; a newer one does.
    await bus.event({ type: 'page', do: 'begin', e: 3 });
    expect(source().begun).toEqual([3]);
    await bus.event({ type: 'page', do: 'begin', e: 4 });
    expect(source().begun).toEqual([3, 4]);
  });

  it('shares nothing after a no', async () => {
    await asked();
    session.consent(false, 'text');
    expect((await bus.answer('consent', {})).allow).toBe(false);
    await bus.event({ type: 'consent', state: 'refused' });
    expect(session.view.phase).toBe('refused');
    expect(source().begun).toEqual([]);
  });

  it('asks once more after a no when the customer wants it to, and takes the yes', async () => {
    await asked();
    session.reconsider();
    expect(session.view.phase).toBe('asked');
    session.consent(false, 'text');
    await bus.answer('consent', {});
    await bus.event({ type: 'consent', state: 'refused' });
    session.reconsider();
    expect(session.view.phase).toBe('asked');
    expect(bus.calls).toEqual([]);
    expect(source().begun).toEqual([]);
    session.consent(true, 'text');
    expect(await bus.answer('consent', {})).toEqual({ v: 1, allow: true, text: 'text' });
    await bus.event({ type: 'consent', state: 'given' });
    await bus.event({ type: 'page', do: 'begin', e: 3 });
    expect(session.view.phase).toBe('live');
    expect(source().begun).toEqual([3]);
    session.reconsider();
    expect(session.view.phase).toBe('live');
  });

  it('stops when told to, and when the session ends', async () => {
    await live();
    await bus.event({ type: 'page', do: 'stop' });
    expect(source().running).toBe(false);
    await bus.event({ type: 'page', do: 'begin', e: 4 });
    expect(source().running).toBe(true);
    await bus.event({ type: 'deactivated', by: 'agent', reason: 'self' });
    expect(source().running).toBe(false);
    expect(session.view).toMatchObject({ phase: 'ended', ended: { by: 'agent', reason: 'self', agent: 'Ines Okafor' } });
    expect(keep.kept).toBeUndefined();
    expect(bus.closed).toBe(1);
    await clock.pass(5000);
    expect(clock.timers).toBe(0);
    session.dismiss();
    expect(session.view.phase).toBe('idle');
  });

  it('asks before the agent may act, and refuses acts until then', async () => {
    await live();
    bus.act({ e: 3, n: 1, from: 'u2', a: [[3, 5, 0, 0, 0, 1, 0], [1, 4, 5, 9, 1, 2]] });
    expect(source().performed).toEqual([]);
    expect(pointed).toEqual([['u2', [[1, 4, 5, 9, 1, 2]]]]);
    await bus.event({ type: 'mode', state: 'asked', mode: 'pointer', by: 'u2', requestId: 'r1', why: 'I can correct the code.' });
    expect(session.view.request).toEqual({ id: 'r1', by: 'u2', why: 'I can correct the code.' });
    session.answer('r1', true);
    expect(session.view.request).toBeUndefined();
    expect(await bus.answer('mode', {})).toEqual({ v: 1, answer: 'r1', allow: true });
    expect(session.view.mode).toBe('pointer');
    await bus.event({ type: 'mode', state: 'changed', mode: 'write', by: 'u1' });
    bus.act({ e: 3, n: 2, from: 'u2', a: [[3, 5, 0, 0, 0, 1, 0]] });
    expect(source().performed).toEqual([[3, 5, 0, 0, 0, 1, 0]]);
    // Of a page that is gone.
    bus.act({ e: 2, n: 3, from: 'u2', a: [[3, 5, 0, 0, 0, 1, 0]] });
    expect(source().performed.length).toBe(1);
  });

  it('puts the question away when it is withdrawn', async () => {
    await live();
    await bus.event({ type: 'mode', state: 'asked', mode: 'pointer', by: 'u2', requestId: 'r1' });
    await bus.event({ type: 'mode', state: 'withdrawn', mode: 'pointer', by: 'u2', requestId: 'r1' });
    expect(session.view.request).toBeUndefined();
  });

  it('knows who is away, and forgets it with the next answer', async () => {
    await live();
    await bus.event({ type: 'presence', userId: 'u2', online: false });
    expect(session.view.away).toEqual(['u2']);
    await bus.event({ type: 'presence', userId: 'u2', online: true });
    expect(session.view.away).toEqual([]);
    await bus.event({ type: 'presence', userId: 'u2', online: false });
    bus.handlers!.down();
    bus.handlers!.up();
    await bus.answer('rejoin', joined({ users: [ines], consent: 'given', page: { e: 3, next: 1 } }));
    expect(session.view.away).toEqual([]);
  });

  it('gives control back at once, before the server knows, and insists over a break', async () => {
    await live();
    await bus.event({ type: 'mode', state: 'changed', mode: 'write', by: 'u1' });
    session.takeBack();
    expect(session.view.mode).toBe('pointer');
    bus.act({ e: 3, n: 2, from: 'u2', a: [[3, 5, 0, 0, 0, 1, 0]] });
    expect(source().performed).toEqual([]);
    await bus.answer('mode', 0);
    bus.handlers!.down();
    bus.handlers!.up();
    await bus.answer('rejoin', joined({ users: [ines], consent: 'given', mode: 'write', page: { e: 3, next: 1 } }));
    expect(session.view.mode).toBe('pointer');
    expect(await bus.answer('mode', {})).toEqual({ v: 1, want: 'pointer' });
    await bus.event({ type: 'mode', state: 'changed', mode: 'pointer', by: 'u1' });
    await bus.event({ type: 'mode', state: 'changed', mode: 'write', by: 'u1' });
    expect(session.view.mode).toBe('write');
  });

  it('comes back after a break: rejoins, resends what is not acknowledged, in the same epoch', async () => {
    await live();
    bus.published.shift()!.done();
    bus.handlers!.down();
    expect(session.view).toMatchObject({ phase: 'live', link: 'down' });
    source().change([21, 'x']);
    const before = bus.published.length;
    bus.handlers!.up();
    const rejoin = await bus.answer('rejoin', joined({ users: [ines], state: 'active', consent: 'given', page: { e: 3, next: 2 } }));
    expect(rejoin).toEqual({ v: 1, userToken: joined().userToken, page: { e: 3, s: 2 } });
    expect(session.view).toMatchObject({ phase: 'live', link: 'up', agents: [ines] });
    expect(bus.published.slice(before).map((p) => p.batch.s)).toEqual([2, 3]);
    expect(source().begun).toEqual([3]);
  });

  it('takes the new epoch when the server has lost the old one', async () => {
    await live();
    bus.handlers!.down();
    bus.handlers!.up();
    await bus.answer('rejoin', joined({ users: [ines], consent: 'given', page: { e: 9, next: 1 } }));
    expect(source().begun).toEqual([3, 9]);
  });

  it('continues on the next page of the site, and waits there when consent is missing', async () => {
    await live();
    session.pageHide(false);
    expect(source().flushed).toBe(1);
    const kept = keep.kept!;
    expect(kept.until).toBe(clock.time + 600_000);

    bus = new FakeBus();
    session = make();
    expect(session.resume()).toBe(true);
    bus.handlers!.up();
    const rejoin = await bus.answer('rejoin', joined({ users: [ines], consent: 'given', page: { e: 4, next: 1 } }));
    expect(rejoin).toEqual({ v: 1, userToken: kept.userToken });
    expect(source().begun).toEqual([4]);

    bus = new FakeBus();
    session = make();
    session.resume();
    bus.handlers!.up();
    await bus.answer('rejoin', joined({ users: [ines], consent: 'asked', page: { e: 5, next: 1 } }));
    expect(session.view.phase).toBe('asked');
    expect(source().begun).toEqual([]);
  });

  it('does not come back after the grace', () => {
    keep.kept = { userToken: 'x', base: 'https://help.example/cobrowse', sessionToken: '1', codeUntil: 0, until: clock.time - 1, uploaded: 0 };
    expect(session.resume()).toBe(false);
    expect(session.view.phase).toBe('idle');
  });

  it('says so when the session is gone on the server', async () => {
    await live();
    bus.handlers!.down();
    bus.handlers!.up();
    await bus.answer('rejoin', ErrorCode.UserTokenUnknown);
    expect(session.view).toMatchObject({ phase: 'ended', ended: { by: 'server', reason: 'lost' } });
    expect(keep.kept).toBeUndefined();
    expect(source().running).toBe(false);
  });

  it('tries again while the server can not answer', async () => {
    await live();
    bus.handlers!.down();
    bus.handlers!.up();
    await bus.answer('rejoin', ErrorCode.ShuttingDown);
    expect(bus.calls).toEqual([]);
    await clock.pass(500);
    await bus.answer('rejoin', 0);
    await clock.pass(1000);
    await bus.answer('rejoin', joined({ users: [ines], consent: 'given', page: { e: 3, next: 1 } }));
    expect(session.view.link).toBe('up');
  });

  it('reports a start that is refused, with its number', async () => {
    session.start();
    bus.handlers!.up();
    await bus.answer('create', ErrorCode.OriginNotAllowed);
    expect(session.view).toMatchObject({ phase: 'ended', ended: { by: 'none', code: ErrorCode.OriginNotAllowed } });
    session.dismiss();
    session.start();
    expect(session.view).toEqual({ phase: 'starting', link: 'up', agents: [], away: [], mode: 'pointer', tooLarge: false });
  });

  it('gives up a start that does not get through, and says what it knows', async () => {
    session.start();
    await clock.pass(14_999);
    expect(session.view.phase).toBe('starting');
    await clock.pass(1);
    expect(session.view).toMatchObject({ phase: 'ended', ended: { by: 'none', code: ErrorCode.Timeout } });
    expect(bus.closed).toBe(1);
    expect(clock.timers).toBe(0);

    // The server is there, so it is us whom it does not want.
    reachable = true;
    session.start();
    bus.handlers!.up();
    bus.handlers!.down();
    await clock.pass(15_000);
    expect(session.view.ended).toEqual({ by: 'none', reason: 'error', code: ErrorCode.OriginNotAllowed });

    // What the server said goes before what we make of its silence.
    session.start();
    bus.calls = [];
    bus.handlers!.up();
    for (let tries = 0; session.view.phase === 'starting' && tries < 100; ++tries) {
      if (bus.calls.length > 0) await bus.answer('create', ErrorCode.ShuttingDown);
      await clock.pass(500);
    }
    expect(session.view.ended).toMatchObject({ by: 'none', code: ErrorCode.ShuttingDown });
    expect(clock.timers).toBe(0);
  });

  it('does not give up once it got through, nor what is under way', async () => {
    session.start();
    await clock.pass(14_900);
    bus.handlers!.up();
    await bus.answer('create', { sessionToken: '481302976', base: '/cobrowse', expiresIn: 600 });
    await bus.answer('join', joined());
    await clock.pass(60_000);
    expect(session.view.phase).toBe('waiting');
    bus.handlers!.down();
    await clock.pass(60_000);
    expect(session.view).toMatchObject({ phase: 'waiting', link: 'down' });

    bus = new FakeBus();
    session = make();
    expect(session.resume()).toBe(true);
    await clock.pass(60_000);
    expect(session.view.phase).toBe('starting');
  });

  it('makes a new session when the answer to join was lost', async () => {
    session.start();
    bus.handlers!.up();
    await bus.answer('create', { sessionToken: '111111111', base: '/cobrowse', expiresIn: 600 });
    await bus.answer('join', 0);
    await clock.pass(500);
    await bus.answer('create', { sessionToken: '222222222', base: '/cobrowse', expiresIn: 600 });
    await bus.answer('join', joined());
    expect(session.view.code).toBe('222222222');
  });

  it('ends at once, and tells the server', async () => {
    await live();
    session.end();
    expect(session.view).toMatchObject({ phase: 'ended', ended: { by: 'customer', reason: 'self' } });
    expect(source().running).toBe(false);
    expect(bus.closed).toBe(0);
    expect((await bus.answer('exit', {})).userToken).toBe(joined().userToken);
    expect(bus.closed).toBe(1);
    expect(clock.timers).toBe(0);
  });

  it('ends at once without a wire too, and tells the server when it can', async () => {
    await live();
    bus.handlers!.down();
    session.end();
    expect(session.view.phase).toBe('ended');
    bus.handlers!.up();
    await bus.answer('exit', {});
    expect(bus.closed).toBe(1);

    session.start();
    expect(session.view.phase).toBe('starting');
  });

  it('does not try to say goodbye for ever', async () => {
    await live();
    bus.handlers!.down();
    session.end();
    await clock.pass(15_000);
    expect(bus.closed).toBe(1);
    expect(clock.timers).toBe(0);
  });

  it('asks for a new epoch when the window is full, at once first and then ever more slowly', async () => {
    await live();
    receipts();
    const chunk = 'x'.repeat(200 * 1024);
    for (let i = 0; i < 12; ++i) source().change([6, 1, chunk]);
    expect(source().running).toBe(true);
    await clock.pass(0);
    expect(source().running).toBe(false);
    const rejoin = await bus.answer('rejoin', joined({ users: [ines], consent: 'given', page: { e: 4, next: 1 } }));
    expect(rejoin.page).toBeUndefined();
    expect(source().begun).toEqual([3, 4]);
    for (let i = 0; i < 12; ++i) source().change([6, 1, chunk]);
    await clock.pass(200);
    expect(bus.calls).toEqual([]);
    await clock.pass(100);
    expect(bus.calls.map((c) => c.verb)).toEqual(['rejoin']);
  });

  it('rejoins when a publish says that the connection is not bound', async () => {
    await live();
    const [first] = bus.published.splice(0);
    const { BusError } = await import('../src/bus.ts');
    first!.done(new BusError(ErrorCode.NotJoined));
    await bus.answer('rejoin', joined({ users: [ines], consent: 'given', page: { e: 3, next: 1 } }));
    expect(bus.published.map((p) => p.batch.s)).toEqual([1, 2]);
    expect(source().begun).toEqual([3]);
  });

  it('sleeps in the back/forward cache and wakes up with what the tab has become', async () => {
    await live();
    session.pageHide(true);
    expect(bus.closed).toBe(1);
    expect(source().running).toBe(false);
    session.pageShow();
    expect(session.view.phase).toBe('starting');
    bus.handlers!.up();
    await bus.answer('rejoin', joined({ users: [ines], consent: 'given', page: { e: 8, next: 1 } }));
    expect(source().begun).toEqual([8]);

    session.pageHide(true);
    keep.clear();
    session.pageShow();
    expect(session.view.phase).toBe('idle');
  });

  it('gives way to another tab, and comes back when it is looked at again', async () => {
    await live();
    await bus.event({ type: 'replaced' });
    expect(session.view).toMatchObject({ phase: 'ended', ended: { reason: 'elsewhere' } });
    expect(source().running).toBe(false);
    expect(keep.kept).toBeDefined();
    session.comeBack();
    expect(session.view.phase).toBe('starting');
  });

  it('comes back from another tab after more than the grace, and hears how it ended there', async () => {
    await live();
    await bus.event({ type: 'replaced' });
    expect(session.view.code).toBe('481302976');
    await clock.pass(2 * 3600_000);
    session.comeBack();
    expect(session.view).toMatchObject({ phase: 'starting', code: '481302976' });
    bus.handlers!.up();
    await bus.answer('rejoin', joined({ users: [ines], consent: 'given', page: { e: 7, next: 1 } }));
    expect(source().begun).toEqual([7]);
    // Nothing of a session that goes on here ends by what another page says.
    session.endedElsewhere({ by: 'agent', reason: 'self', agent: 'Ines Okafor' });
    expect(session.view.phase).toBe('live');
    await bus.event({ type: 'replaced' });
    session.endedElsewhere({ by: 'agent', reason: 'self', agent: 'Ines Okafor' });
    expect(session.view).toMatchObject({ phase: 'ended', ended: { by: 'agent', reason: 'self', agent: 'Ines Okafor' } });
    expect(keep.kept).toBeUndefined();
    session.comeBack();
    expect(session.view.phase).toBe('ended');
  });

  it('ignores answers that come too late', async () => {
    session.start();
    bus.handlers!.up();
    await settle();
    const late = bus.calls.shift()!;
    bus.handlers!.down();
    bus.handlers!.up();
    late.resolve({ sessionToken: '999999999', base: '/cobrowse', expiresIn: 600 });
    await settle();
    expect(bus.calls.map((c) => c.verb)).toEqual(['create']);
    expect(session.view.code).toBeUndefined();
  });
});
