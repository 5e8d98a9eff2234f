export * from './addresses.ts';
export * from './destination.ts';
export * from './outbound.ts';
export * from './pin.ts';
export * from './refused.ts';
