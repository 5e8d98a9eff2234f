export * from './grants.ts';
export * from './kek.ts';
export { KEYS_STORE } from './keys-schema.ts';
export { LedgerDamaged } from './ledger-entry.ts';
export { openVault, sealingOnly, type DatabaseOptions, type FileOptions, type VaultOptions } from './open-vault.ts';
export * from './port.ts';
export { KeysClash, moveKeys, type MovedKeys, type MovingKeys } from './shared/move-keys.ts';
export { giveUpLostBuckets, type LostBuckets } from './shared/give-up.ts';
