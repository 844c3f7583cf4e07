/** Local typing against what the customer's page makes of it. Pure: no DOM, no clock of its own. */

/** Nobody takes a value from under the agent's fingers before this many ms of quiet. */
export const QUIET_MS = 300;
/** A value that did not come back in this time was not taken. */
export const LOST_MS = 2500;
const MAX_SENT = 64;

/** The field the agent types into: its value here, and those that are on their way to the customer and back. */
export class EditSession {
  private sent: string[] = [];
  private waiting: string | undefined;
  private last = -Infinity;

  constructor(public value: string, private readonly now: () => number) {}

  /** The agent has typed. */
  local(value: string): void {
    this.value = value;
    this.waiting = undefined;
    this.sent.push(value);
    if (this.sent.length > MAX_SENT) this.sent.shift();
    this.last = this.now();
  }

  /** The customer's field reads like this now. Returns the value to take over, if it is time to. */
  remote(value: string): string | undefined {
    const at = this.sent.lastIndexOf(value);
    if (at >= 0) {
      // An echo: what was sent before it has been overtaken.
      this.sent.splice(0, at + 1);
      this.waiting = undefined;
      return undefined;
    }
    this.waiting = value === this.value ? undefined : value;
    return this.due();
  }

  /** To be asked again after {@link QUIET_MS}: a value of the customer's that waits until the agent pauses. */
  due(): string | undefined {
    if (this.waiting === undefined || this.now() - this.last < QUIET_MS) return undefined;
    this.value = this.waiting;
    this.waiting = undefined;
    this.sent = [];
    return this.value;
  }

  /** True when something that was sent has not come back for too long: the customer's page did not take it. */
  lost(): boolean {
    return this.sent.length > 0 && this.now() - this.last >= LOST_MS;
  }

  /** True while there is something to look at again. */
  get pending(): boolean {
    return this.waiting !== undefined || this.sent.length > 0;
  }

  /** Begins anew from `value`. */
  restart(value: string): void {
    this.value = value;
    this.sent = [];
    this.waiting = undefined;
  }
}

/** Where a caret belongs when `before` became `after` without its doing: it keeps what stands behind it, else its place. */
export function moveCaret(before: string, after: string, caret: number): number {
  const behind = before.slice(caret);
  if (after.endsWith(behind)) return after.length - behind.length;
  return Math.min(caret, after.length);
}

/** What a field takes: no line breaks in single-line ones, never more than `max` UTF-16 units. */
export function fitting(value: string, multiline: boolean, max: number): string {
  const lines = multiline ? value.replace(/\r\n?/g, '\n') : value.replace(/[\r\n]+/g, ' ');
  if (lines.length <= max) return lines;
  const pair = (lines.charCodeAt(max - 1) & 0xfc00) === 0xd800;
  return lines.slice(0, pair ? max - 1 : max);
}
