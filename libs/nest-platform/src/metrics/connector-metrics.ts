import { epochMs, type Clock } from '#kernel';
import type { Publisher, Submission, SubmissionResult } from '#sharing';
import type { Metrics } from './metrics.ts';

/** What a batch of signed facts is called among the connectors. */
export const SIGNED_BATCH = 'signed-batch';

/** What of an item is in the log afterwards: not a conflict, and nothing that was refused at the door. */
const STORED: ReadonlySet<SubmissionResult['outcome']> = new Set(['published', 'withheld', 'quarantined', 'withdrawn']);

/** The same publisher; counts every item by its connector and by what became of it. */
export function countedPublisher(publisher: Publisher, metrics: Metrics, clock: Clock): Publisher {
  return {
    submit: async (organisation, submission, correlationId) => {
      const connector = connectorOf(submission);
      try {
        const result = await publisher.submit(organisation, submission, correlationId);
        metrics.count('tellonce_connector_messages_total', { connector, outcome: result.outcome });
        if (STORED.has(result.outcome)) {
          const now = epochMs(clock.now()) / 1000;
          metrics.set('tellonce_connector_last_success_timestamp_seconds', { connector }, now);
        }
        return result;
      } catch (error) {
        metrics.count('tellonce_connector_messages_total', { connector, outcome: 'failed' });
        throw error;
      }
    },
  };
}

/** Counts a file that could not be read, or broke off. */
export function unreadable(metrics: Metrics): (connector: string) => void {
  return (connector) => metrics.count('tellonce_connector_messages_total', { connector, outcome: 'unreadable' });
}

function connectorOf(submission: Submission): string {
  return submission.kind === 'signed' ? SIGNED_BATCH : submission.translator;
}
