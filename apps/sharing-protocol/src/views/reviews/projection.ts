import type { DetectionEvent, ReviewEvent, SamplingEvent, Sealed } from '#contracts';
import type { RowOperation, Table, ViewDefinition } from '#projections';
import { readStored, unknownType } from '../stored.ts';

const TEXT = { type: 'text', notNull: true } as const;
const MAYBE = { type: 'text' } as const;
const FLAG = { type: 'integer', notNull: true } as const;
const SEALED = { key_id: TEXT, iv: TEXT, sealed_text: TEXT } as const;
const SOURCES: Table = {
  columns: { id: TEXT, organisation: TEXT },
  primaryKey: ['id', 'organisation'],
  indexes: [['organisation', 'id']],
};

/**
 * The officers' queue: findings, suppressions, watches, review cases and the questions put in them. Ids of findings, cases and organisations,
 * pseudonymous officers and people; which child and every word stays sealed.
 */
export const reviewsView: ViewDefinition = {
  name: 'reviews',
  version: 1,
  families: ['detection', 'review'],
  tables: {
    finding: {
      columns: {
        finding: TEXT,
        recorded_at: TEXT,
        rule: TEXT,
        organisation: TEXT,
        day: TEXT,
        suppression: MAYBE,
        ...SEALED,
      },
      primaryKey: ['finding'],
      indexes: [
        ['recorded_at', 'finding'],
        ['organisation', 'recorded_at', 'finding'],
      ],
    },
    source: SOURCES,
    suppression: {
      columns: {
        suppression: TEXT,
        recorded_at: TEXT,
        rule: TEXT,
        organisation: MAYBE,
        until: TEXT,
        by_officer: TEXT,
        ended: FLAG,
        ...SEALED,
      },
      primaryKey: ['suppression'],
    },
    watch: {
      columns: { watch: TEXT, recorded_at: TEXT, until: TEXT, by_officer: TEXT, ended: FLAG, ...SEALED },
      primaryKey: ['watch'],
    },
    review: {
      columns: {
        review: TEXT,
        recorded_at: TEXT,
        kind: TEXT,
        reference: TEXT,
        person: MAYBE,
        organisation: TEXT,
        status: TEXT,
        escalated: FLAG,
        assignee: MAYBE,
        outcome: MAYBE,
        changed_at: TEXT,
      },
      primaryKey: ['review'],
      indexes: [
        ['recorded_at', 'review'],
        ['kind', 'reference'],
        ['organisation', 'recorded_at', 'review'],
      ],
    },
    question: {
      columns: {
        question: TEXT,
        review: TEXT,
        asked_at: TEXT,
        stream: TEXT,
        revision: FLAG,
        answered: FLAG,
        ...SEALED,
      },
      primaryKey: ['question'],
      indexes: [['review']],
    },
  },
  project: (event) => {
    const record = readStored(event) as unknown as DetectionEvent | ReviewEvent | SamplingEvent;
    switch (record.type) {
      case 'detection.raised.v1': {
        const { finding, rule, organisation, sources, day, suppression, sealed } = record.data;
        const row = { finding, recorded_at: record.recordedAt, rule, organisation, day, suppression, ...cells(sealed) };
        return [{ op: 'put', table: 'finding', row }, ...sourcesOf(finding, sources)];
      }
      case 'detection.suppressed.v1': {
        const { suppression, rule, organisation, until, by, sealed } = record.data;
        const row = {
          suppression,
          recorded_at: record.recordedAt,
          rule,
          organisation,
          until,
          by_officer: by,
          ended: 0,
        };
        return [{ op: 'put', table: 'suppression', row: { ...row, ...cells(sealed) } }];
      }
      case 'detection.suppression-ended.v1':
        return [ended('suppression', { suppression: record.data.suppression })];
      case 'detection.child-watched.v1': {
        const { watch, until, by, sealed } = record.data;
        const row = { watch, recorded_at: record.recordedAt, until, by_officer: by, ended: 0, ...cells(sealed) };
        return [{ op: 'put', table: 'watch', row }];
      }
      case 'detection.child-watch-ended.v1':
        return [ended('watch', { watch: record.data.watch })];
      case 'review.sampling-planned.v1':
        return [];
      default:
        return reviewRows(record);
    }
  },
};

function reviewRows(record: ReviewEvent): readonly RowOperation[] {
  const review = record.stream.slice('review-'.length);
  const changed = (change: Readonly<Record<string, string | number | null>>): RowOperation => ({
    op: 'set',
    table: 'review',
    where: { review },
    change: { ...change, changed_at: record.recordedAt },
  });
  switch (record.type) {
    case 'review.opened.v1': {
      const { cause, person, organisation, sources } = record.data;
      const fresh = { status: 'open', escalated: 0, assignee: null, outcome: null };
      const at = { recorded_at: record.recordedAt, changed_at: record.recordedAt };
      const row = { review, kind: cause.kind, reference: cause.reference, person, organisation, ...fresh, ...at };
      return [{ op: 'put', table: 'review', row }, ...sourcesOf(review, sources)];
    }
    case 'review.assigned.v1':
      return [changed({ assignee: record.data.to })];
    case 'review.decided.v1':
      return decided(record, review, changed);
    case 'review.answered.v1': {
      const { question } = record.data;
      return [
        { op: 'set', table: 'question', where: { question }, change: { answered: 1 } },
        // Whether another question still waits is seen from the questions.
        changed({ status: 'open' }),
      ];
    }
    case 'review.reopened.v1':
      return [changed({ status: 'open', escalated: 0, outcome: null })];
    default:
      throw unknownType(record);
  }
}

function decided(
  record: Extract<ReviewEvent, { type: 'review.decided.v1' }>,
  review: string,
  changed: (change: Readonly<Record<string, string | number | null>>) => RowOperation,
): readonly RowOperation[] {
  const { outcome, question, words } = record.data;
  switch (outcome) {
    case 'ask-user': {
      const place = { stream: record.stream, revision: record.revision };
      const row = {
        question: question ?? '',
        review,
        asked_at: record.recordedAt,
        answered: 0,
        ...place,
        ...cells(words),
      };
      return [{ op: 'put', table: 'question', row }, changed({ outcome })];
    }
    case 'escalated':
      return [changed({ outcome, escalated: 1 })];
    case 'appropriate':
    case 'breach':
      return [changed({ outcome, status: 'closed' })];
  }
}

function cells({ key, iv, text }: Sealed) {
  return { key_id: key, iv, sealed_text: text };
}

function sourcesOf(id: string, organisations: readonly string[]): readonly RowOperation[] {
  return organisations.map((organisation) => ({ op: 'put', table: 'source', row: { id, organisation } }));
}

function ended(table: string, where: Readonly<Record<string, string>>): RowOperation {
  return { op: 'set', table, where, change: { ended: 1 } };
}
