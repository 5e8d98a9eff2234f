import { writeFileSync } from 'node:fs';
import { COMPOSE, HELM, renderNginx } from './nginx.ts';

/** Writes both configurations of nginx from the one table of routes. */
writeFileSync(new URL('nginx.conf', import.meta.url), renderNginx(COMPOSE));
writeFileSync(new URL('../helm/tellonce/files/nginx.conf.tpl', import.meta.url), renderNginx(HELM));
