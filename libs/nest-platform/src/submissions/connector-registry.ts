import type { Connector } from '#contracts';

/** The formats that the sectors of this process understand; each sector's module registers its own at start. */
export class ConnectorRegistry {
  readonly #connectors = new Map<string, Connector>();

  /** Throws where two connectors claim one format: a mistake to be seen at boot. */
  register(connector: Connector): void {
    if (this.#connectors.has(connector.format)) throw new Error(`two connectors for ${connector.format}`);
    this.#connectors.set(connector.format, connector);
  }

  /** The connector of a format by its name, with or without the version; failing that the only one for the media type. */
  find(mediaType: string, format: string | undefined): Connector | undefined {
    const candidates = this.#all().filter((connector) => connector.mediaTypes.includes(mediaType));
    if (format !== undefined) {
      return candidates.find((connector) => connector.format === format || connector.format.startsWith(`${format}/`));
    }
    return candidates.length === 1 ? candidates[0] : undefined;
  }

  /** Every media type that some connector takes. */
  mediaTypes(): readonly string[] {
    return [...new Set(this.#all().flatMap((connector) => connector.mediaTypes))];
  }

  #all(): readonly Connector[] {
    return [...this.#connectors.values()];
  }
}
