export * from './cloud-event.ts';
export * from './outbound/index.ts';
export * from './port.ts';
export * from './retry.ts';
