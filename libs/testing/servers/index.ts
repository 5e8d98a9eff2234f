export * from './databases.ts';
export * from './kafka.ts';
export { freePort } from './processes.ts';
export { KAFKA_USERS } from './kafka-settings.ts';
export * from './postgres.ts';
export * from './shared.ts';
export * from './views.ts';
