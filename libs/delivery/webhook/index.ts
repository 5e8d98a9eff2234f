export * from './channel.ts';
export * from './endpoint.ts';
export * from './secrets.ts';
export * from './signature.ts';
