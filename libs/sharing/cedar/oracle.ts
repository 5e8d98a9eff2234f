import type { Question, Slice } from '#sharing';
import { cedarEngine, publishedPolicies, type CedarAnswer, type CedarRequest } from './engine.ts';
import { requestsOf } from './requests.ts';

/** Decides by the published Cedar text; `change` lets a test take something away from each request. */
export function cedarOracle(
  engine: (request: CedarRequest) => CedarAnswer = cedarEngine(publishedPolicies()),
  change: (request: CedarRequest) => CedarRequest = (request) => request,
): (question: Question, slice: Slice) => CedarAnswer {
  return (question, slice) => {
    let answer: CedarAnswer = { effect: 'deny', policies: [], alarm: true };
    try {
      for (const request of requestsOf(question, slice)) {
        answer = engine(change(request));
        if (answer.effect === 'permit') return answer;
      }
      return answer;
    } catch {
      return { effect: 'deny', policies: [], alarm: true };
    }
  };
}
