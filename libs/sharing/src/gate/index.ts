export * from './gate.ts';
export { CATEGORY_BASES, type CategoryBases } from './category-bases.ts';
