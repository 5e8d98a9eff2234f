import { writeFileSync } from 'node:fs';
import { renderDataProtection } from './data-protection.ts';
import { renderCatalogue } from './render.ts';

const page = (name: string): URL => new URL(`../../docs/${name}.md`, import.meta.url);
writeFileSync(page('event-catalogue'), renderCatalogue());
writeFileSync(page('data-protection'), renderDataProtection());
