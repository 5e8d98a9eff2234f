import type { OrganisationId } from '#kernel';
import type { Core } from '#nest-platform';
import {
  answerItem,
  sealRequestWords,
  subjectAccessOwner,
  subjectAccessStream,
  type SourceAnswer,
  type SubjectAccessCommand,
} from '#sharing';

/** What somebody says for an organisation's own system. */
export interface Said {
  readonly source: OrganisationId;
  readonly answer: SourceAnswer;
  /** With `content` only. */
  readonly text: string | undefined;
  readonly by: string;
}

/** The command that gives a source's answer, its content sealed under the key of the request, which dies with the child's records. */
export async function answerCommand(
  { vault, clock }: Core,
  request: string,
  { source, answer, text, by }: Said,
): Promise<SubjectAccessCommand> {
  const place = {
    stream: subjectAccessStream(request),
    entry: answerItem(source),
    owner: subjectAccessOwner(request),
  };
  const content = await sealRequestWords(vault, place, clock.now(), answer === 'content' ? text : undefined);
  const data = { request, source, answer, by };
  return { type: 'answer', data: content === undefined ? data : { ...data, content } };
}
