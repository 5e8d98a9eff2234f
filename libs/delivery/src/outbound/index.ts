export * from './addresses.ts';
export * from './destination.ts';
export * from './outbound.ts';
