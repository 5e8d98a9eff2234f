import {
  ArrayMaxSize,
  ArrayMinSize,
  ArrayUnique,
  IsArray,
  IsIn,
  IsOptional,
  IsString,
  IsUUID,
  MaxLength,
} from 'class-validator';
import { CATEGORIES, PURPOSES, type Category, type Purpose } from '#contracts';
import { CHANNELS, TRIED_STATES, type ChannelName, type TriedState } from '#delivery';
import { PageDto } from '#nest-platform';

/** What an organisation's system wants to be told of, and how. */
export class SubscriptionDto {
  @IsIn(CHANNELS)
  channel!: ChannelName;

  /** Each signal is decided for it, as asking would be. */
  @IsIn(PURPOSES)
  purpose!: Purpose;

  /** Only these; all that it may know of where it is left out. */
  @IsOptional()
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(40)
  @ArrayUnique()
  @IsIn(Object.keys(CATEGORIES), { each: true })
  categories?: Category[];

  /** Webhooks only: https, to a public host. Names a system, never a person. */
  @IsOptional()
  @IsString()
  @MaxLength(2048)
  url?: string;
}

/** Off: what comes meanwhile waits. A new secret: the old one signs beside it for a day. */
export class SubscriptionChangeDto {
  @IsIn(['switch-on', 'switch-off', 'roll-secret'])
  change!: 'switch-on' | 'switch-off' | 'roll-secret';
}

/** Which deliveries. */
export class DeliveriesQueryDto extends PageDto {
  @IsOptional()
  @IsIn(TRIED_STATES)
  state?: TriedState;
}

/** Which dead letter is sent again; all of them where it is left out. */
export class ReplayDto {
  @IsOptional()
  @IsUUID()
  signal?: string;
}
