export * from './copy.ts';
export * from './port.ts';
export * from './schema.ts';
export * from './tables.ts';
export * from './turns.ts';
