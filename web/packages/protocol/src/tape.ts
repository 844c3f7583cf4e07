import { Kind, type PrivacyClass } from './page-stream.ts';

/** Section 2: the integer that every node on the tape begins with. */
export function head(kind: Kind, leaf = false, privacy: PrivacyClass = 0, svg = false, count = 0): number {
  return kind + (leaf ? 8 : 0) + privacy * 16 + (svg ? 64 : 0) + count * 128;
}

export interface Head { kind: Kind; leaf: boolean; privacy: PrivacyClass; svg: boolean; count: number }

/** The head's parts; undefined when it is none. */
export function parseHead(value: unknown): Head | undefined {
  if (!Number.isInteger(value)) return undefined;
  const n = value as number;
  const kind = n & 7;
  const privacy = (n >> 4) & 3;
  if (n < 0 || n > 0x7fffffff || kind < Kind.Element || kind > Kind.CData || privacy > 2) return undefined;
  return { kind: kind as Kind, leaf: (n & 8) !== 0, privacy: privacy as PrivacyClass, svg: (n & 64) !== 0, count: n >>> 7 };
}
