export * from './api.ts';
export * from './capture.ts';
