export * from './books.ts';
export * from './break-glass.ts';
export * from './events.ts';
export * from './process.ts';
export * from './terms.ts';
export * from './words.ts';
