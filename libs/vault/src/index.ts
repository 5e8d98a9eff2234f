export * from './grants.ts';
export * from './kek.ts';
export { KEYS_STORE } from './keys-schema.ts';
export { LedgerDamaged } from './ledger-entry.ts';
export { openVault, sealingOnly, type VaultOptions } from './open-vault.ts';
export * from './port.ts';
