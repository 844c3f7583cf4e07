import { expect, test } from 'vitest';
import { EditSession, fitting, LOST_MS, moveCaret, QUIET_MS } from '../src/viewer/edit.ts';
import { fit } from '../src/viewer/stage.ts';
import { Acts } from '../src/viewer/acts.ts';

function session(value: string): { s: EditSession; pass: (ms: number) => void } {
  let now = 1000;
  return { s: new EditSession(value, () => now), pass: (ms) => void (now += ms) };
}

test('echoes of what was typed change nothing, also when one overtakes', () => {
  const { s, pass } = session('');
  for (const v of ['1', '12', '123']) s.local(v);
  expect([s.remote('1'), s.remote('123')]).toEqual([undefined, undefined]);
  pass(QUIET_MS);
  expect([s.due(), s.value, s.pending]).toEqual([undefined, '123', false]);
});

test('what the page makes of it waits for a pause', () => {
  const { s, pass } = session('');
  s.local('1');
  expect(s.remote('1-')).toBeUndefined();
  s.local('12');
  pass(QUIET_MS - 1);
  expect(s.remote('1-2')).toBeUndefined();
  pass(1);
  expect([s.due(), s.value, s.pending]).toEqual(['1-2', '1-2', false]);
});

test('the customer\'s own typing is taken at once when the agent rests', () => {
  const { s } = session('a');
  expect([s.remote('ab'), s.value, s.remote('ab')]).toEqual(['ab', 'ab', undefined]);
});

test('what never comes back is lost', () => {
  const { s, pass } = session('a');
  s.local('ab');
  pass(LOST_MS - 1);
  expect(s.lost()).toBe(false);
  pass(1);
  expect(s.lost()).toBe(true);
  s.restart('a');
  expect([s.lost(), s.pending]).toEqual([false, false]);
});

test('carets keep what stands behind them', () => {
  expect([moveCaret('1234', '12 34', 4), moveCaret('1234', '12 34', 2), moveCaret('abc', 'ab', 3), moveCaret('abc', 'x', 1), moveCaret('', 'abc', 0)]).toEqual([5, 3, 2, 1, 3]);
});

test('line breaks and length', () => {
  expect([fitting('a\r\nb', false, 9), fitting('a\r\nb', true, 9), fitting('abcd', false, 2), fitting('a\ud83d\ude00', false, 2)]).toEqual(['a b', 'a\nb', 'ab', 'a']);
});

test('scale', () => {
  expect(fit(1280, 720, 640, 400, 'fit')).toEqual({ scale: 0.5, scrollX: false, scrollY: false });
  expect(fit(1280, 720, 640, 300, 'fit')).toEqual({ scale: 628 / 1280, scrollX: false, scrollY: true });
  expect(fit(640, 300, 1280, 720, 'fit')).toEqual({ scale: 1, scrollX: false, scrollY: false });
  expect(fit(640, 395, 640, 400, 1)).toEqual({ scale: 1, scrollX: false, scrollY: false });
  expect(fit(640, 395, 639, 400, 1)).toEqual({ scale: 1, scrollX: true, scrollY: true });
  expect(fit(0, 0, 639, 400, 'fit').scale).toBe(1);
});

test('a click takes the waiting pointer position along, in order', () => {
  const out: unknown[][] = [];
  const acts = new Acts((a) => out.push(a));
  acts.pointer(1, 1, 5, 0, 0);
  acts.pointer(2.6, 2, 5, 0, 0);
  acts.pointer(3, 3, 5, 0, 0);
  acts.send([3, 5]);
  acts.left();
  acts.send([7, 1]);
  acts.left();
  acts.drop();
  expect(out).toEqual([[[1, 1, 1, 5, 0, 0]], [[1, 3, 3, 5, 0, 0], [3, 5]], [[1, -1, -1, 0, 0, 0], [7, 1]]]);
});
