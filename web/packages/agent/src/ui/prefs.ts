/** What an agent has set for this browser. Nothing of a session is kept here. */
const KEY = 'twinpane.prefs';

interface Prefs { letterKeys: boolean; panel: boolean }

const defaults: Prefs = { letterKeys: true, panel: true };

function read(): Prefs {
  try {
    return { ...defaults, ...JSON.parse(localStorage.getItem(KEY) ?? '{}') as Partial<Prefs> };
  } catch {
    return { ...defaults };
  }
}

let current = read();

export function pref<K extends keyof Prefs>(name: K): Prefs[K] {
  return current[name];
}

export function setPref<K extends keyof Prefs>(name: K, value: Prefs[K]): void {
  current = { ...current, [name]: value };
  try {
    localStorage.setItem(KEY, JSON.stringify(current));
  } catch {
    // Storage may be closed; then the setting holds until the page is left.
  }
}
