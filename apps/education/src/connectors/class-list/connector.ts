import type { Connector } from '#contracts';
import { readClassList } from './parse.ts';
import { translateRows } from './translate.ts';

/** School class lists in the columns of the NHS vaccination service's template: who is on the roll of a setting. */
export const classListConnector: Connector = {
  format: 'class-list-csv/1',
  mediaTypes: ['text/csv'],
  maxBytes: 512 * 1024 * 1024,
  translate: (input, context) => translateRows(readClassList(input), context),
};
