export { Mirror, type Broken, type MirrorOptions, type PageInfo } from './mirror.ts';
export type { Described } from './describe.ts';
export type { Hit } from './hit.ts';
export type { MirrorNode } from './tree.ts';
