# Made from infra/gateway/routes.json by `node infra/gateway/render.ts`: change that, not this.
worker_processes auto;
pid /tmp/nginx.pid;
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
  client_body_temp_path /tmp/body;
  proxy_temp_path /tmp/proxy;
  fastcgi_temp_path /tmp/unused;
  uwsgi_temp_path /tmp/unused;
  scgi_temp_path /tmp/unused;

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

  map $content_type $by_type_0 {
    default education;
    "~*^\s*application/cloudevents-batch\+json\s*(;|$)" education;
    "~*^\s*text/csv\s*(;|$)" education;
    "~*^\s*application/fhir\+json\s*(;|$)" health;
    "~*^\s*application/fhir\+xml\s*(;|$)" health;
    "~*^\s*application/xml\s*(;|$)" health;
    "~*^\s*text/xml\s*(;|$)" health;
  }

  map "$request_method $uri" $app {
    default sharing-protocol;
    "~^POST /v1/organisations/[^/]+/submissions/?$" $by_type_0;
    "~^[^ ]+ /v1/organisations/[^/]+/quarantine(/.*)?$" education;
    "~^[^ ]+ /v1/submissions(/.*)?$" education;
  }

  map $app $upstream {
    education education;
    health health;
    social-care social_care;
    sharing-protocol sharing_protocol;
  }
  upstream education {
    server {{ include "tellonce.fullname" . }}-education:8080;
    keepalive 16;
  }
  upstream health {
    server {{ include "tellonce.fullname" . }}-health:8080;
    keepalive 16;
  }
  upstream social_care {
    server {{ include "tellonce.fullname" . }}-social-care:8080;
    keepalive 16;
  }
  upstream sharing_protocol {
    server {{ include "tellonce.fullname" . }}-sharing-protocol:8080;
    keepalive 16;
  }

  client_max_body_size 512m;
  client_header_timeout 20s;
  client_body_timeout 60s;
  send_timeout 60s;
  keepalive_timeout 60s;
  large_client_header_buffers 4 16k;

  server {
    listen 8081;
    access_log off;
    location = /health {
      return 204;
    }
    location / {
      return 404;
    }
  }

  server {
    listen 8080;

    error_page 400 =400 @malformed;
    error_page 404 =404 @unknown;
    error_page 408 =408 @slow;
    error_page 413 =413 @large;
    error_page 414 =414 @long;
    error_page 494 =431 @headers;
    error_page 500 502 503 504 =503 @away;

    location = /metrics {
      return 404;
    }
    location ^~ /metrics/ {
      return 404;
    }

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
    location @malformed {
      internal;
      default_type application/problem+json;
      add_header Cache-Control no-store always;
      add_header X-Content-Type-Options nosniff always;
      add_header X-Request-ID $id always;
      return 400 '{"type":"urn:tellonce:problem:caller-request-malformed","title":"The request cannot be read","status":400,"code":"CALLER_REQUEST_MALFORMED","instance":"urn:uuid:$id"}';
    }
    location @unknown {
      internal;
      default_type application/problem+json;
      add_header Cache-Control no-store always;
      add_header X-Content-Type-Options nosniff always;
      add_header X-Request-ID $id always;
      return 404 '{"type":"urn:tellonce:problem:caller-route-unknown","title":"There is no such route","status":404,"code":"CALLER_ROUTE_UNKNOWN","instance":"urn:uuid:$id"}';
    }
    location @slow {
      internal;
      default_type application/problem+json;
      add_header Cache-Control no-store always;
      add_header X-Content-Type-Options nosniff always;
      add_header X-Request-ID $id always;
      return 408 '{"type":"urn:tellonce:problem:caller-too-slow","title":"The request took too long to arrive","status":408,"code":"CALLER_TOO_SLOW","instance":"urn:uuid:$id"}';
    }
    location @large {
      internal;
      default_type application/problem+json;
      add_header Cache-Control no-store always;
      add_header X-Content-Type-Options nosniff always;
      add_header X-Request-ID $id always;
      return 413 '{"type":"urn:tellonce:problem:caller-body-too-large","title":"The body is too large","status":413,"code":"CALLER_BODY_TOO_LARGE","instance":"urn:uuid:$id"}';
    }
    location @long {
      internal;
      default_type application/problem+json;
      add_header Cache-Control no-store always;
      add_header X-Content-Type-Options nosniff always;
      add_header X-Request-ID $id always;
      return 414 '{"type":"urn:tellonce:problem:caller-url-too-long","title":"The address is too long","status":414,"code":"CALLER_URL_TOO_LONG","instance":"urn:uuid:$id"}';
    }
    location @headers {
      internal;
      default_type application/problem+json;
      add_header Cache-Control no-store always;
      add_header X-Content-Type-Options nosniff always;
      add_header X-Request-ID $id always;
      return 431 '{"type":"urn:tellonce:problem:caller-headers-too-large","title":"The headers are too large","status":431,"code":"CALLER_HEADERS_TOO_LARGE","instance":"urn:uuid:$id"}';
    }
    location @away {
      internal;
      default_type application/problem+json;
      add_header Cache-Control no-store always;
      add_header X-Content-Type-Options nosniff always;
      add_header X-Request-ID $id always;
      add_header Retry-After 5 always;
      return 503 '{"type":"urn:tellonce:problem:hub-unavailable","title":"The hub cannot answer now","status":503,"code":"HUB_UNAVAILABLE","instance":"urn:uuid:$id"}';
    }
  }
}
