import { APPS, ROUTES, type App, type Route, type RouteTable } from './route.ts';

/** Where the gateway stands. */
export interface Place {
  /** `host:port` of each app. */
  readonly address: Readonly<Record<App, string>>;
  readonly listen: string;
  /** The gateway's own probe; never the public port. */
  readonly probe: string;
  /** Asked again for each request, so that a container that comes back with another address is found; names are read once at the start without. */
  readonly resolver?: string;
  readonly tls?: { readonly certificate: string; readonly key: string };
  /** For a trial without containers: where nginx may write its few files. */
  readonly scratch?: string;
  /** Says where the file comes from. */
  readonly madeBy: string;
}

/** Of Docker's networks: each app is found by its name. */
export const COMPOSE: Place = {
  address: places((app) => `${app}:8080`),
  listen: '8443 ssl',
  probe: '8081',
  resolver: '127.0.0.11',
  tls: { certificate: '/run/certificates/gateway/node.crt', key: '/run/certificates/gateway/node.key' },
  madeBy: 'node infra/gateway/render.ts',
};

/** Of the chart, which fills in its own names; the ingress in front speaks TLS. */
export const HELM: Place = {
  address: places((app) => `{{ include "tellonce.fullname" . }}-${app}:8080`),
  listen: '8080',
  probe: '8081',
  madeBy: 'node infra/gateway/render.ts',
};

/** Problems that nginx answers itself, in the form the apps use. */
const PROBLEMS = [
  { on: [400], name: 'malformed', status: 400, code: 'CALLER_REQUEST_MALFORMED', title: 'The request cannot be read' },
  { on: [404], name: 'unknown', status: 404, code: 'CALLER_ROUTE_UNKNOWN', title: 'There is no such route' },
  { on: [408], name: 'slow', status: 408, code: 'CALLER_TOO_SLOW', title: 'The request took too long to arrive' },
  { on: [413], name: 'large', status: 413, code: 'CALLER_BODY_TOO_LARGE', title: 'The body is too large' },
  { on: [414], name: 'long', status: 414, code: 'CALLER_URL_TOO_LONG', title: 'The address is too long' },
  { on: [494], name: 'headers', status: 431, code: 'CALLER_HEADERS_TOO_LARGE', title: 'The headers are too large' },
  { on: [500, 502, 503, 504], name: 'away', status: 503, code: 'HUB_UNAVAILABLE', title: 'The hub cannot answer now' },
] as const;

/** The configuration of nginx for one place. The same input gives the same bytes. */
export function renderNginx(place: Place, table: RouteTable = ROUTES): string {
  return `# Made from infra/gateway/routes.json by \`${place.madeBy}\`: change that, not this.
worker_processes auto;
pid ${place.scratch ?? '/tmp'}/nginx.pid;
# A line of the error log would hold the request's path, and a path the id of a child: only what keeps nginx from running is told.
error_log stderr emerg;

events {
  worker_connections 4096;
}

http {
  default_type application/octet-stream;
  server_tokens off;
  # Nothing of a body or an answer is written to a disk here.
  proxy_request_buffering off;
  proxy_max_temp_file_size 0;
  client_body_temp_path ${place.scratch ?? '/tmp'}/body;
  proxy_temp_path ${place.scratch ?? '/tmp'}/proxy;
  fastcgi_temp_path ${place.scratch ?? '/tmp'}/unused;
  uwsgi_temp_path ${place.scratch ?? '/tmp'}/unused;
  scgi_temp_path ${place.scratch ?? '/tmp'}/unused;

  # An id of the request and the app that answered it, never a path: the app's own line has the pattern of the route.
  log_format request escape=json
    '{"time":"$time_iso8601","app":"$app","method":"$request_method","status":$status,"upstreamStatus":"$upstream_status",'
    '"bytes":$body_bytes_sent,"seconds":$request_time,"requestId":"$id"}';
  access_log /dev/stdout request;

  map $request_id $made_id {
    "~^(?<a>.{8})(?<b>.{4}).(?<c>.{3}).(?<d>.{3})(?<e>.{12})$" "$a-$b-4$c-a$d-$e";
  }
  map $http_x_request_id $id {
    default $made_id;
    "~*^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$" $http_x_request_id;
  }

${maps(table)}
${upstreams(place)}
  client_max_body_size 512m;
  client_header_timeout 20s;
  client_body_timeout 60s;
  send_timeout 60s;
  keepalive_timeout 60s;
  large_client_header_buffers 4 16k;
${tls(place)}
  server {
    listen ${place.probe};
    access_log off;
    location = /health {
      return 204;
    }
    location / {
      return 404;
    }
  }

  server {
    listen ${place.listen};

${PROBLEMS.map(({ on, name, status }) => `    error_page ${on.join(' ')} =${status} @${name};`).join('\n')}

${table.private.map((path) => `    location = ${path} {\n      return 404;\n    }\n    location ^~ ${path}/ {\n      return 404;\n    }`).join('\n')}

    location / {
      proxy_pass http://$upstream;
      proxy_http_version 1.1;
      proxy_set_header Host $host;
      proxy_set_header Connection "";
      proxy_set_header X-Request-ID $id;
      # Addresses of people are nobody's business behind here.
      proxy_set_header X-Forwarded-For "";
      proxy_set_header Forwarded "";
      proxy_connect_timeout 5s;
      proxy_send_timeout 120s;
      # A large file is answered when all its rows are judged.
      proxy_read_timeout 900s;
      # Never sent twice by us: whoever sent it decides that.
      proxy_next_upstream off;
    }
${PROBLEMS.map(problem).join('\n')}
  }
}
`;
}

function maps({ routes, otherwise }: RouteTable): string {
  const byType = routes.flatMap((route, at) => (route.byContentType === undefined ? [] : [contentTypes(route, at)]));
  const rows = routes.map((route, at) => {
    const value = route.byContentType === undefined ? route.app : `$by_type_${at}`;
    return `    "~^${route.method ?? '[^ ]+'} ${route.path.replace(/^\^/, '')}" ${value};`;
  });
  return `${byType.join('\n')}
  map "$request_method $uri" $app {
    default ${otherwise};
${rows.join('\n')}
  }
`;
}

function contentTypes({ byContentType = {}, app }: Route, at: number): string {
  const rows = Object.entries(byContentType).map(
    ([type, to]) => `    "~*^\\s*${type.replace(/[.+*?()[\]{}|\\^$]/g, '\\$&')}\\s*(;|$)" ${to};`,
  );
  return `  map $content_type $by_type_${at} {
    default ${app};
${rows.join('\n')}
  }
`;
}

function upstreams({ address, resolver }: Place): string {
  const rows = APPS.map((app) => `    ${app} ${resolver === undefined ? app.replace('-', '_') : address[app]};`);
  const groups = APPS.map(
    (app) => `  upstream ${app.replace('-', '_')} {\n    server ${address[app]};\n    keepalive 16;\n  }`,
  );
  return `  map $app $upstream {
${rows.join('\n')}
  }
${resolver === undefined ? groups.join('\n') : `  resolver ${resolver} valid=5s ipv6=off;`}
`;
}

function tls(place: Place): string {
  if (place.tls === undefined) return '';
  return `
  ssl_certificate ${place.tls.certificate};
  ssl_certificate_key ${place.tls.key};
  ssl_protocols TLSv1.2 TLSv1.3;
  ssl_session_cache shared:tls:1m;
  ssl_session_tickets off;
`;
}

function problem({ name, status, code, title }: (typeof PROBLEMS)[number]): string {
  const type = `urn:tellonce:problem:${code.toLowerCase().replaceAll('_', '-')}`;
  const body = `{"type":"${type}","title":"${title}","status":${status},"code":"${code}","instance":"urn:uuid:$id"}`;
  return `    location @${name} {
      internal;
      default_type application/problem+json;
      add_header Cache-Control no-store always;
      add_header X-Content-Type-Options nosniff always;
      add_header X-Request-ID $id always;${status === 503 ? '\n      add_header Retry-After 5 always;' : ''}
      return ${status} '${body}';
    }`;
}

function places(of: (app: App) => string): Readonly<Record<App, string>> {
  return Object.fromEntries(APPS.map((app) => [app, of(app)])) as Record<App, string>;
}
