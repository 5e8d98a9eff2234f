export * from './agreement-access.ts';
export { isParty, versionState, type VersionState } from './agreement-record.ts';
export { agreementInWords, type WordedSection } from './agreement-in-words.ts';
export { approvalVerifier } from './approvals.ts';
export { changesInWords } from './changes-in-words.ts';
export * from './commands.ts';
export { emptyRegistry, evolveRegistry, recipientKey } from './fold.ts';
export { registryDecider } from './registry.ts';
export { readTerms } from './terms.ts';
