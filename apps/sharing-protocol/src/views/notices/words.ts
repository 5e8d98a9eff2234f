import type { NoticeAudience, NoticeKind } from '#contracts';

/** What a notice says and what to do next, in words; nobody is named, and only who may ask can find out who is meant. */
export interface NoticeWords {
  readonly says: string;
  readonly next: string;
}

const ASK_DPO = 'Ask the area’s data-protection officer about the reference.';

const WORDS: Readonly<Record<NoticeKind, NoticeWords>> = {
  'break-glass-started': {
    says: 'Somebody opened an emergency access that concerns you.',
    next: 'Read it in GET /v1/break-glass-reviews. If it is of your own people, say what you find before its time for review is over.',
  },
  'break-glass-to-explain': {
    says: 'You opened an emergency access and owe an explanation.',
    next: 'Read it in GET /v1/break-glass-grants and explain it there in time, or you can’t open another.',
  },
  'break-glass-reviewed': {
    says: 'An emergency access of yours was reviewed.',
    next: 'If you were asked something, you find it in GET /v1/break-glass-grants. Speak to your data-protection officer about anything else.',
  },
  'relationship-claimed': {
    says: 'Somebody claimed to work with a child without a record that says so.',
    next: 'Check it against your caseloads, and end the claim if it is unfounded.',
  },
  'facts-read': {
    says: 'Facts were read under an agreement that asks for you to be told.',
    next: 'You need not do anything. The reference is the decision: ask about it if you did not expect it.',
  },
  'detection-raised': {
    says: 'A pattern in who looks needs somebody to see it.',
    next: 'Open the detection by its reference.',
  },
  'export-budget-reached': {
    says: 'Somebody asked for more decisions in one day than their budget allows.',
    next: 'See what they asked for: POST /v1/audit-queries, by user.',
  },
  'organisation-keys-changed': {
    says: 'An administrator registered, changed or revoked keys of an organisation.',
    next: 'The reference is the organisation. Ask it whether these are its keys: whoever holds them signs facts and approves agreements for it.',
  },
  'review-question': {
    says: 'Who reviews a look of yours asks you something.',
    next: 'Read and answer it in GET /v1/reviews/questions.',
  },
  'review-opened': { says: 'A review was opened.', next: 'Open the review by its reference.' },
  'sharing-objection-made': {
    says: 'Somebody objected to sharing.',
    next: 'Decide on the objection and record your decision.',
  },
  'erasure-carried-out': {
    says: 'Records were erased.',
    next: 'Erase what you hold of them, or record why you keep it.',
  },
};

/** For the family, who has no queue to open. */
const FAMILY: Partial<Record<NoticeKind, NoticeWords>> = {
  'facts-read': {
    says: 'Somebody who works with your child read something about them, under an agreement that asks for you to be told.',
    next: 'You need not do anything. See who looked on the page of looks; the reference is the same there.',
  },
  'erasure-carried-out': { says: 'Something that was kept about your child was erased.', next: ASK_DPO },
  'relationship-claimed': {
    says: 'Somebody said that they work with your child before any record said so.',
    next: ASK_DPO,
  },
};

/** The words of one kind for one audience. */
export function noticeWords(kind: NoticeKind, to: NoticeAudience): NoticeWords {
  const words = WORDS[kind];
  return to === 'family' ? (FAMILY[kind] ?? { says: words.says, next: ASK_DPO }) : words;
}
