import type { Names } from './names.ts';
import type { Resources } from './resources.ts';
import type { MirrorNode, Tree } from './tree.ts';

/** What the parts of one mirror need of each other. */
export interface View {
  readonly names: Names;
  readonly tree: Tree;
  readonly resources: Resources;
  readonly sheets: {
    /** Something that the sheet of a style or link element depends on has changed. */
    touch(n: MirrorNode): void;
    /** Gives a document or shadow root its adopted sheets. */
    dress(root: MirrorNode): void;
  };
  readonly fields: {
    isField(n: MirrorNode): boolean;
    /** A field whose value the agent may not see. */
    isHidden(n: MirrorNode): boolean;
    /** Class or type of a field has changed. */
    renew(n: MirrorNode): void;
    dialogOpen(n: MirrorNode, open: boolean): void;
  };
  readonly frames: {
    setBase(n: MirrorNode, href: string | null): void;
    setSource(host: MirrorNode): void;
  };
}

/** What relative URLs of `n` are relative to. */
export function baseOf(n: MirrorNode): string {
  return n.frame?.x?.base ?? 'about:blank';
}
