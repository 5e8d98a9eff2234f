export * from './book.ts';
export * from './evidence.ts';
export * from './review.ts';
export * from './sampling.ts';
