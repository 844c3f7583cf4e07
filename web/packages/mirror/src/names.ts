/** Names of the attributes that the mirror puts on elements of its own frame. Random, so that no page can style or fake them. */
export interface Names {
  hover: string;
  focus: string;
  focusVisible: string;
  focusWithin: string;
  /** Privacy class of a hidden field or element. */
  mask: string;
  /** An image that is not to be had. */
  gone: string;
}

export function makeNames(): Names {
  const salt = 'tp' + crypto.getRandomValues(new Uint32Array(2)).reduce((s, n) => s + n.toString(36), '');
  return { hover: salt + '-h', focus: salt + '-f', focusVisible: salt + '-v', focusWithin: salt + '-w', mask: salt + '-m', gone: salt + '-g' };
}
