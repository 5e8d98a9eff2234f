/** What else whoever asked may do, in words (UK GDPR art. 15(1)); part of every release. */
export const RIGHTS: readonly string[] = [
  'You may ask for something that is wrong to be put right (UK GDPR article 16). Ask the organisation that told it; the hub passes the correction on.',
  'You may ask for something to be erased (article 17). The law lets organisations keep what they need for their public task; if they refuse, they must say which part of the law they rely on.',
  'You may ask that something is kept but not used while a question is settled (article 18).',
  'You may object to what is done with information about your child (article 21).',
  'Where sharing rests on your consent, you may withdraw it at any time. It holds for the very next request of anybody.',
  'Decisions about your child are made by people. The hub makes none by itself.',
  'Some information may have been left out where the law says so: about other people, or where it could cause serious harm. You may ask the data-protection officer to look at that again.',
  'If you are not content, you may complain to the data-protection officer of the area, to the Information Commissioner (ico.org.uk, 0303 123 1113), or go to court.',
];
