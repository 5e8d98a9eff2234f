import { readFileSync } from 'node:fs';

/** The processes of the set-up with servers, by the names of their folders in `apps/`. */
export const APPS = ['education', 'health', 'social-care', 'sharing-protocol'] as const;

/** One of {@link APPS}. */
export type App = (typeof APPS)[number];

/** One row: the first whose method and path fit decides. `byContentType` is looked at before `app`. */
export interface Route {
  /** Every method unless given. */
  readonly method?: string;
  /** Regular expression over the decoded path, in the syntax that JavaScript and PCRE share. */
  readonly path: string;
  readonly app: App;
  readonly byContentType?: Readonly<Record<string, App>>;
}

/** Which process answers what, behind the one public URL. */
export interface RouteTable {
  readonly otherwise: App;
  /** Never answered from outside: what each process tells whoever runs it. */
  readonly private: readonly string[];
  readonly routes: readonly Route[];
}

/** The one table; nginx's configuration is rendered from it. */
export const ROUTES = JSON.parse(readFileSync(new URL('routes.json', import.meta.url), 'utf8')) as RouteTable;

/**
 * The app that answers a request. `path` without its query, as it was sent; `contentType` with or without parameters. A path that cannot
 * be decoded goes where all else goes, to be refused there.
 */
export function appFor(method: string, path: string, contentType?: string, table: RouteTable = ROUTES): App {
  const decoded = decode(path);
  const route = table.routes.find((row) => (row.method ?? method) === method && new RegExp(row.path).test(decoded));
  if (route === undefined) return table.otherwise;
  return route.byContentType?.[mediaType(contentType)] ?? route.app;
}

/** Whether a path is not for the outside. */
export function isPrivate(path: string, table: RouteTable = ROUTES): boolean {
  const decoded = decode(path);
  return table.private.some((own) => decoded === own || decoded.startsWith(`${own}/`));
}

/** As nginx reads a path: percent signs decoded, slashes merged. */
function decode(path: string): string {
  try {
    return decodeURIComponent(path).replace(/\/{2,}/g, '/');
  } catch {
    return '';
  }
}

function mediaType(contentType = ''): string {
  return (contentType.split(';')[0] ?? '').trim().toLowerCase();
}
