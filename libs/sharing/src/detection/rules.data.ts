/** A threshold with the sentence that defends it. */
export interface Threshold {
  readonly value: number;
  readonly reason: string;
}

/** One detection in words: what an officer reads, and the numbers the rule works with. */
export interface DetectionRule {
  readonly title: string;
  readonly looksFor: string;
  readonly why: string;
  readonly whatToDo: string;
  /** What one finding is about; the same again on the same day is the same finding. */
  readonly about: 'person' | 'person-child' | 'child' | 'team';
  readonly thresholds: Readonly<Record<string, Threshold>>;
}

/** The detections of this release. Everything a rule compares with stands here; changing a number is a change of policy, reviewed as such. */
export const DETECTION_RULES = {
  'permit-without-relationship': {
    title: 'Read without a relationship',
    looksFor:
      'A child was read of, outside emergency access, by somebody whose work with it no fact and no claim says.',
    why: 'The rules of sharing should have refused it: either they are wrong or what they rest on moved.',
    whatToDo: 'Tell the area’s administrator the decision id; ask the reader why they looked.',
    about: 'person-child',
    thresholds: { accesses: { value: 1, reason: 'It should never happen, so once is enough.' } },
  },
  'self-claimed-relationship': {
    title: 'Read on one’s own claim',
    looksFor: 'A child was read of by somebody who said themselves that they work with it.',
    why: 'A claim opens what a system would not; the NHS asks for every self-claimed relationship to be looked at.',
    whatToDo: 'Find the referral, allocation or rota that confirms it; end the claim as unfounded where there is none.',
    about: 'person-child',
    thresholds: { accesses: { value: 1, reason: 'Each claim that was used is told, once a day for each child.' } },
  },
  'refused-attempts': {
    title: 'Refused again and again',
    looksFor: 'Somebody was refused several times in a day where they tried to find or read children.',
    why: 'What was refused did no harm yet and shows what somebody is after.',
    whatToDo: 'Ask whether a relationship is missing in their system; otherwise ask why.',
    about: 'person',
    thresholds: {
      attempts: { value: 5, reason: 'A wrong child picked or a late referral explains up to four in a day.' },
    },
  },
  'own-child': {
    title: 'Staff looking at their own family',
    looksFor: 'Somebody with a professional role looked at a child to whose family they belong, or tried to.',
    why: 'A parent reads about their child as a parent, with what families may see and no more.',
    whatToDo: 'Speak with the person; nobody reviews an access to their own family.',
    about: 'person-child',
    thresholds: { accesses: { value: 1, reason: 'There is no number of times at which it becomes right.' } },
  },
  'restricted-without-fact': {
    title: 'Restricted facts on a claim or in an emergency',
    looksFor: 'Restricted facts were read on one’s own claim or under emergency access.',
    why: 'Child protection, care and youth justice do most harm when they are read by the wrong person.',
    whatToDo: 'Confirm the relationship or the emergency with the service that holds the facts.',
    about: 'person-child',
    thresholds: { accesses: { value: 1, reason: 'Restricted facts are few and each reading can be explained.' } },
  },
  'watched-child': {
    title: 'A watched child',
    looksFor:
      'A child under an officer’s watch was looked for or read of by somebody whose work with it no fact confirms.',
    why: 'Some children are sought: adoption, domestic abuse, a name in the news.',
    whatToDo: 'Ask the person the same day; the officer who set the watch knows the risk.',
    about: 'person-child',
    thresholds: { accesses: { value: 1, reason: 'The watch was set to hear of the first one.' } },
  },
  'after-hours': {
    title: 'Outside working hours',
    looksFor:
      'Several children were looked at in the evening, at night, on a weekend or a bank holiday, by a role without duty then.',
    why: 'Curiosity and stolen sign-ins prefer hours when nobody is near.',
    whatToDo: 'Ask whether there was a duty; check where the sign-in came from.',
    about: 'person',
    thresholds: {
      fromHour: { value: 7, reason: 'School and clinic staff prepare their day from seven.' },
      untilHour: { value: 20, reason: 'Evening clinics and parents’ evenings end by eight.' },
      children: {
        value: 5,
        reason: 'Catching up on a few records at home is ordinary, five children in one evening is not.',
      },
    },
  },
  volume: {
    title: 'Far more children than usual',
    looksFor: 'Somebody looked at far more children in a day than they themselves and others of their role do.',
    why: 'Slow copying of a whole caseload looks like work, only more of it.',
    whatToDo: 'Ask what the work of the day was; a new caseload or a moderation day explains it.',
    about: 'person',
    thresholds: {
      floor: { value: 25, reason: 'Below a class list nothing is told, however quiet the days before were.' },
      timesOwn: { value: 3, reason: 'Busy days are twice an ordinary day; three times is another kind of day.' },
      timesPeers: { value: 2, reason: 'Heavy users exist in every role, at up to twice the mean.' },
      ownDays: { value: 5, reason: 'Fewer days with accesses say nothing of what is usual for a person.' },
      peers: { value: 3, reason: 'Fewer colleagues are no comparison.' },
      withoutComparison: { value: 60, reason: 'Where nothing can be compared, two classes in a day are too many.' },
    },
  },
  'matches-without-opening': {
    title: 'Looked for and never opened',
    looksFor: 'Somebody found many children by name or number in a day and read of none of them.',
    why: 'To know that the hub knows a child is information; collecting it needs no reading.',
    whatToDo: 'Ask for the list that was being checked and who wanted it.',
    about: 'person',
    thresholds: { children: { value: 15, reason: 'Checking a group before a meeting takes up to a dozen.' } },
  },
  'match-guessing': {
    title: 'Guessing who is known',
    looksFor: 'Somebody asked for many children in a day and was told that there is no match.',
    why: 'Trying names and birthdays until one answers finds out who is known here.',
    whatToDo: 'Ask for the source of the names; suspend the sign-in where there is none.',
    about: 'person',
    thresholds: {
      attempts: { value: 10, reason: 'Misspelling and wrong birth dates take a handful of tries.' },
      systemAttempts: { value: 500, reason: 'A system asks for its whole intake, of whom the hub may know few.' },
    },
  },
  'break-glass-repeated': {
    title: 'Emergency access as a habit',
    looksFor: 'One person used several emergency accesses within the days counted.',
    why: 'Emergencies are rare; a habit replaces the relationship that somebody should state.',
    whatToDo: 'Review each access; find the relationship that is missing in their system.',
    about: 'person',
    thresholds: {
      accesses: { value: 3, reason: 'Two emergencies in a week happen in a duty team.' },
      days: { value: 7, reason: 'A week holds every shift of a rota.' },
    },
  },
  'break-glass-team': {
    title: 'Emergency access as a team’s habit',
    looksFor: 'One team used many emergency accesses within the days counted.',
    why: 'What a whole team needs every week is an agreement or a referral, not an emergency.',
    whatToDo: 'Look with the team’s lead for the agreement or feed that is missing.',
    about: 'team',
    thresholds: {
      accesses: { value: 8, reason: 'A duty team of six with one emergency each stays below.' },
      days: { value: 7, reason: 'A week holds every shift of a rota.' },
    },
  },
  'denied-then-break-glass': {
    title: 'Refused, then emergency access',
    looksFor: 'Somebody was refused a child and read of it under emergency access minutes later.',
    why: 'An emergency is known before one is refused; this order looks like a way round.',
    whatToDo: 'Compare the reason stated with what happened that day.',
    about: 'person-child',
    thresholds: { minutes: { value: 5, reason: 'Within five minutes the refusal is the likely reason.' } },
  },
  'unusual-purpose': {
    title: 'A purpose the role hardly ever states',
    looksFor: 'Somebody stated, several times in a day, a purpose that others of the role hardly use.',
    why: 'A purpose opens what an agreement shares for it; a strange one may be a borrowed key.',
    whatToDo: 'Ask which work it was for.',
    about: 'person',
    thresholds: {
      accesses: { value: 5, reason: 'A single case can be of another kind.' },
      atMostPercent: { value: 2, reason: 'One access in fifty of a role is rare.' },
      ofAccesses: { value: 200, reason: 'Below so many accesses of the role in thirty days no share can be told.' },
    },
  },
  'after-relationship-ended': {
    title: 'After the relationship ended',
    looksFor:
      'A child was looked at, or tried, by somebody whose organisation had a relationship with it that is over.',
    why: 'Old cases are what people remember, and are no longer theirs.',
    whatToDo: 'Ask whether the end was recorded by mistake; otherwise ask why.',
    about: 'person-child',
    thresholds: { accesses: { value: 2, reason: 'One try shortly after a move is how people learn of it.' } },
  },
  'one-record-curiosity': {
    title: 'Many people after one child',
    looksFor: 'Within a day, many people whose work with it no fact confirms looked at one child or tried to.',
    why: 'A child in the news or in talk draws people who have nothing to do with it.',
    whatToDo: 'Put the child under watch; tell the organisations’ officers; answer the family who looked.',
    about: 'child',
    thresholds: {
      people: { value: 5, reason: 'A meeting that was called before the referrals were in explains up to four.' },
      organisations: { value: 3, reason: 'Three organisations without a relationship do not meet by chance.' },
      hours: { value: 24, reason: 'Talk of a child spreads within a day.' },
    },
  },
  'export-spike': {
    title: 'More taken away than usual',
    looksFor: 'Somebody exported far more often in a day than they usually do.',
    why: 'What was exported is out of reach of every later decision.',
    whatToDo: 'Ask for what and to whom the files went.',
    about: 'person',
    thresholds: {
      floor: { value: 5, reason: 'A meeting pack takes a few exports.' },
      timesOwn: { value: 3, reason: 'Three times one’s own usual day is another kind of day.' },
    },
  },
  'system-outside-window': {
    title: 'A system at an unusual hour',
    looksFor: 'An organisation’s system asked about children at night.',
    why: 'Feeds run by the clock; a stolen key runs when its thief is awake.',
    whatToDo: 'Ask the organisation whether the run was planned; revoke the key where it was not.',
    about: 'person',
    thresholds: {
      fromHour: { value: 5, reason: 'Early feeds begin at five.' },
      untilHour: { value: 23, reason: 'Late feeds are over by eleven.' },
      accesses: { value: 20, reason: 'A retried message or two at night is no run.' },
    },
  },
} as const satisfies Readonly<Record<string, DetectionRule>>;

/** Id of a detection. */
export type DetectionRuleId = keyof typeof DETECTION_RULES;

/** True for the id of a rule of this release. */
export function isDetectionRule(text: unknown): text is DetectionRuleId {
  return typeof text === 'string' && Object.hasOwn(DETECTION_RULES, text);
}

/** The numbers of a rule, as findings keep them. */
export function thresholdsOf(rule: DetectionRuleId): Readonly<Record<string, number>> {
  const thresholds: Readonly<Record<string, Threshold>> = DETECTION_RULES[rule].thresholds;
  return Object.fromEntries(Object.entries(thresholds).map(([name, { value }]) => [name, value]));
}
