export * from './bank-holidays-england.ts';
export * from './days.ts';
export * from './retention/retention.ts';
export * from './retention/rule.ts';
export * from './retention/schedule.ts';
export * from './subject-access-clock.ts';
export * from './working-days.ts';
