export * from './built-app.ts';
export * from './fakes.ts';
export * from './folders.ts';
export * from './open-api-check.ts';
