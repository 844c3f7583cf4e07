/** For other packages that host the desk: its state machine without the screens. */
export { Api, ApiError, type Agent, type DeskConfig } from './core/api.ts';
export { BusError, type Bus, type BusHandlers } from './core/bus.ts';
export { CometBus } from './core/comet-bus.ts';
export { Desk } from './core/desk.ts';
export { SessionClient, type SavedSession, type ViewerPort } from './core/session-client.ts';
export type { Phase, SessionState } from './core/session-state.ts';
