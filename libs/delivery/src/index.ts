export * from './outbound/index.ts';
export * from './port.ts';
