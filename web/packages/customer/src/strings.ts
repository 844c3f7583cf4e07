/** Every word the customer reads. One object per language later. */
export const strings = {
  start: 'Get help on this page',
  region: 'Page sharing',
  close: 'Close',
  cancel: 'Cancel',
  end: 'End',
  move: 'Move to another corner',
  again: 'Show new numbers',
  retry: 'Try again',

  connecting: 'Connecting…',
  connectingMore: 'Nobody sees your page yet.',
  resuming: 'Coming back to your session…',
  resumingMore: 'Nothing is lost.',
  reconnecting: 'Reconnecting…',
  reconnectingMore: 'Nothing is lost.',

  codeTitle: 'Read these numbers to our agent',
  codeSpoken: (code: string) => groups(code).map((g) => g.split('').join(' ')).join(', '),
  /** The time stands between the two. */
  codeUntil: ['Good for another ', ' minutes, for one agent.'] as const,
  codeSafe: 'Nobody sees your page yet. You decide once the agent is there.',
  codeOverTitle: 'These numbers ran out',
  codeOver: (until = 0) => `They worked until ${new Date(until).toLocaleTimeString('en-GB', { timeStyle: 'short' })}. Show new ones when you are ready.`,

  consent: (name: string, host: string) => ({
    title: `Share this page with ${name}?`,
    see: `${name} will see`,
    sees: [`This page, and others you open on ${host} in this tab`, 'Where you point, scroll and click'],
    hide: `${name} will not see`,
    hides: ['Fields marked Hidden, and every password', 'Other tabs, other programs, your files'],
    no: 'No, thanks',
    yes: 'Share this page',
    foot: 'You can end it at any time.',
  }),
  hidden: 'Hidden',
  hiddenField: (name: string) => `${name} can’t see this field. What you type stays in your browser.`,

  request: (name: string) => ({
    title: `Let ${name} click and type?`,
    may: `${name} may click and fill in fields on this page`,
    mayNot: `${name} can’t read hidden fields or touch passwords`,
    no: 'Just point',
    yes: 'Allow',
    foot: ['Take control back with ', 'Esc', ' at any time.'] as const,
  }),
  quote: (why: string) => `“${why}”`,

  sees: (name: string) => `${name} sees this page`,
  seesMore: 'Looks and points only',
  writes: (name: string) => `${name} clicks and types`,
  writesMore: 'Esc takes control back',
  nobody: (name: string) => `${name} is away`,
  nobodyMore: 'Sees nothing new until back',
  tooLarge: (name: string) => `${name} can’t see this page`,
  tooLargeMore: 'It is too large to be shared',
  takeBack: 'Take back',
  refused: (name: string) => `${name} sees nothing`,
  refusedMore: 'You chose not to share',
  reconsider: 'Ask me again',

  someone: 'Our agent',
  ended: {
    title: 'Sharing has ended',
    byCustomer: 'You ended it.',
    byAgent: (name: string) => `${name} ended it.`,
    byService: 'Our customer service ended it.',
    inactivity: 'Nothing happened for a long while.',
    timeout: 'The time for it ran out.',
    lost: 'The connection was gone for too long.',
    shutdown: 'Our server is being restarted.',
    error: 'Something went wrong on our side.',
    elsewhereTitle: 'Sharing goes on in another tab',
    elsewhere: 'It comes back here when you come back here.',
    after: 'Nobody sees your page any more.',
  },
  failed: {
    title: 'Sharing could not start',
    unreachable: ['Our server does not answer.', 'Check your connection and try again.'],
    notHere: ['Our server does not help on this web site.', 'Try again later, or tell our agent.'],
    refused: ['Our server said no.', 'Try again, or tell our agent.'],
    number: (code: number) => `Number ${String(code)}`,
  },

  say: {
    code: (code: string) => `${strings.codeTitle}: ${strings.codeSpoken(code)}. ${strings.codeSafe}`,
    asked: (name: string) => `${name} is here and asks to see this page.`,
    live: (name: string) => `${name} sees this page now.`,
    write: (name: string) => `${name} can click and type now. Escape takes control back.`,
    pointer: (name: string) => `You have control again. ${name} only looks and points.`,
    request: (name: string) => `${name} asks to click and type.`,
    down: 'Reconnecting. Nothing is lost.',
    up: 'Connected again.',
    points: (name: string, what: string) => `${name} points at ${what}`,
  },
};

export type Strings = typeof strings;

/** "481302976" → ["481", "302", "976"] */
export function groups(code: string): string[] {
  return code.match(/.{1,3}/g) ?? [];
}

/** What the customer agrees to, to the letter, as it stands on the card. */
export function consentText(text: ReturnType<Strings['consent']>, fullName: string): string {
  return [text.title, fullName, text.see, ...text.sees, text.hide, ...text.hides, text.no, text.yes, text.foot].join('\n');
}

export function firstName(name: string | undefined): string {
  return name?.trim().split(/\s+/)[0] || strings.someone;
}

export function initials(name: string): string {
  const words = name.trim().split(/\s+/);
  return ((words[0]?.[0] ?? '') + (words.length > 1 ? (words[words.length - 1]?.[0] ?? '') : '')).toUpperCase();
}
