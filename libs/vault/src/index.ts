export * from './grants.ts';
export * from './kek.ts';
export { LedgerDamaged } from './ledger.ts';
export * from './port.ts';
export { openVault, sealingOnly, type VaultOptions } from './vault.ts';
