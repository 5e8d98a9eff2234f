import { Readable } from 'node:stream';
import { ValidationPipe } from '@nestjs/common';
import type { ArgumentMetadata, ValidationError } from '@nestjs/common';
import { invalidInput } from '../problem/problem.ts';
import type { ProblemPlace } from '../problem/problem.ts';
import { unsupportedMediaType } from './body.ts';

/** class-validator on every DTO: members that the class does not declare are refused; errors are codes and pointers, never values. */
export class DtoPipe extends ValidationPipe {
  constructor() {
    super({
      transform: true,
      whitelist: true,
      forbidNonWhitelisted: true,
      forbidUnknownValues: true,
      stopAtFirstError: false,
      validationError: { target: false, value: false },
      exceptionFactory: (errors: ValidationError[]) => invalidInput(places(errors, '')),
    });
  }

  override async transform(value: unknown, metadata: ArgumentMetadata): Promise<unknown> {
    if (metadata.type === 'body' && value instanceof Readable) throw unsupportedMediaType();
    return (await super.transform(value, metadata)) as unknown;
  }
}

function places(errors: readonly ValidationError[], parent: string): ProblemPlace[] {
  return errors.flatMap((error) => {
    const pointer = `${parent}/${error.property.replaceAll('~', '~0').replaceAll('/', '~1')}`;
    const own = Object.keys(error.constraints ?? {}).map((rule) =>
      // A member that nobody declared bears a name of the caller's choice: point at its parent, do not repeat it.
      rule === 'whitelistValidation' ? { code: 'MEMBER_UNKNOWN', pointer: parent } : { code: codeOf(rule), pointer },
    );
    return [...own, ...places(error.children ?? [], pointer)];
  });
}

/** `isString` → `IS_STRING`. */
function codeOf(rule: string): string {
  return rule.replace(/[A-Z]/g, '_$&').toUpperCase();
}
