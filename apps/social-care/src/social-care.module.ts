import { Module } from '@nestjs/common';
import { SubmissionsModule } from '#nest-platform';

/** What social care hands in: signed facts. No file format of theirs is translated yet, so nothing is registered. */
@Module({ imports: [SubmissionsModule] })
export class SocialCareModule {}
