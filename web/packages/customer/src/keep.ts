/** What has to survive a page load: kept in the site's first-party sessionStorage, that is, per tab, and gone at the end. */
export interface Kept {
  userToken: string;
  base: string;
  sessionToken: string;
  /** Ms since the Unix epoch when the nine digits stop working. */
  codeUntil: number;
  /** Ms since the Unix epoch after which coming back is pointless. */
  until: number;
  /** Bytes of resources uploaded so far (bounded per session). */
  uploaded: number;
}

export interface Keep {
  load(now: number): Kept | undefined;
  save(kept: Kept): void;
  clear(): void;
}

const kKey = 'twinpane';

/** `storage` may be undefined or throw (blocked by the browser): then a page load ends the session. */
export function storageKeep(storage: () => Storage): Keep {
  const safely = <T>(fn: (s: Storage) => T): T | undefined => {
    try {
      return fn(storage());
    } catch {
      return undefined;
    }
  };
  return {
    load(now) {
      return safely((s) => {
        const kept = JSON.parse(s.getItem(kKey) ?? 'null') as (Partial<Kept> & { v?: number }) | null;
        if (!kept) return undefined;
        const whole =
          kept.v === 1 && typeof kept.userToken === 'string' && typeof kept.base === 'string' && /^https?:\/\//.test(kept.base) &&
          typeof kept.sessionToken === 'string' && typeof kept.codeUntil === 'number' && typeof kept.until === 'number';
        if (!whole || kept.until! < now) {
          s.removeItem(kKey);
          return undefined;
        }
        const { userToken, base, sessionToken, codeUntil, until } = kept as Kept;
        return { userToken, base, sessionToken, codeUntil, until, uploaded: typeof kept.uploaded === 'number' ? kept.uploaded : 0 };
      });
    },
    save(kept) {
      safely((s) => { s.setItem(kKey, JSON.stringify({ v: 1, ...kept })); });
    },
    clear() {
      safely((s) => { s.removeItem(kKey); });
    },
  };
}
