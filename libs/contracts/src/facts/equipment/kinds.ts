/** Kinds of specialist equipment; a closed list, because it stands in the clear. */
export const EQUIPMENT_KINDS = [
  'radio-aid',
  'magnifier',
  'communication-aid',
  'standing-frame',
  'seating',
  'hoist',
  'walker',
  'wheelchair',
  'other',
] as const;
