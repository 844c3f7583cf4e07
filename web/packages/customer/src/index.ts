export * from './app.ts';
export * from './bayeux.ts';
export * from './bus.ts';
export * from './handover.ts';
export * from './keep.ts';
export * from './outbox.ts';
export * from './resources.ts';
export * from './session.ts';
export type { TwinpaneApi } from './main.ts';
