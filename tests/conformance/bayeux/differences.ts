/** Where other servers do otherwise, and why ours does as the case says. `cases` may end in * or hold one. */
export interface Difference { cases: string; does: string; why: string }

export const differences: Record<'cometd' | 'faye', Difference[]> = {
  cometd: [],
  faye: [],
};
