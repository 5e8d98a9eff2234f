export * from './request-context.ts';
export * from './trace-headers.ts';
