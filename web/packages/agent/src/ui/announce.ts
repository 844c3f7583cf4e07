/** Speaks through the live regions of tp-app. Assertive is for changes of control only. */
export interface Announcement { text: string; assertive: boolean }

export function announce(from: EventTarget, text: string, assertive = false): void {
  from.dispatchEvent(new CustomEvent<Announcement>('tp-announce', { detail: { text, assertive }, bubbles: true, composed: true }));
}
