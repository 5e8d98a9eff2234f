import type { Question, Slice } from '#sharing';
import { cedarEngine, publishedPolicies, type CedarAnswer, type CedarRequest } from './engine.ts';
import { requestsOf } from './requests.ts';

/** What the oracle says of one slice; `mode` where something may be shown. */
export interface OracleAnswer extends CedarAnswer {
  readonly mode?: 'content' | 'existence';
}

const ALARMED: OracleAnswer = { effect: 'deny', policies: [], alarm: true };

/**
 * Decides by the published Cedar text: in an emergency first what that opens, then what may be read, then what may be known of.
 * `change` lets a test take something away from each request.
 */
export function cedarOracle(
  engine: (request: CedarRequest) => CedarAnswer = cedarEngine(publishedPolicies()),
  change: (request: CedarRequest) => CedarRequest = (request) => request,
): (question: Question, slice: Slice) => OracleAnswer {
  return (question, slice) => {
    let refused: OracleAnswer = ALARMED;
    try {
      for (const request of requestsOf(question, slice)) {
        const answer = engine(change(request));
        if (answer.alarm) return ALARMED;
        if (answer.effect === 'permit')
          return { ...answer, mode: request.action === 'know-of' ? 'existence' : 'content' };
        // Why something may not be read says more than why it may not even be known of.
        if (request.action === 'read') refused = answer;
      }
      return refused;
    } catch {
      return ALARMED;
    }
  };
}
