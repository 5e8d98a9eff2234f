import { Inject, Module } from '@nestjs/common';
import type { OnModuleInit } from '@nestjs/common';
import { ConnectorRegistry, SubmissionsModule } from '#nest-platform';
import { nemsConnector } from './connectors/nems/connector.ts';
import { vrsConnector } from './connectors/vrs/connector.ts';

/** What health organisations hand in. */
@Module({ imports: [SubmissionsModule] })
export class HealthModule implements OnModuleInit {
  readonly #registry: ConnectorRegistry;

  constructor(@Inject(ConnectorRegistry) registry: ConnectorRegistry) {
    this.#registry = registry;
  }

  onModuleInit(): void {
    this.#registry.register(nemsConnector);
    this.#registry.register(vrsConnector);
  }
}
