import type { INestApplicationContext, Type } from '@nestjs/common';
import { RequestMethod } from '@nestjs/common';
import { METHOD_METADATA, PATH_METADATA } from '@nestjs/common/constants.js';
import { MetadataScanner, ModulesContainer } from '@nestjs/core';
import { ACCESS } from './access.ts';
import type { Access } from './access.ts';

/** One route of a controller. */
export interface DeclaredRoute {
  readonly method: string;
  /** `/v1/children/:childId`. */
  readonly path: string;
  readonly access: Access | undefined;
  /** `ChildrenController.read`, for messages. */
  readonly handler: string;
  readonly controller: Type;
  /** Name of the handler's method. */
  readonly name: string;
}

/** Every route of every controller with its declared access, sorted by path: what the guard, the tests and the documentation walk over. */
export function listRoutes(app: INestApplicationContext): readonly DeclaredRoute[] {
  const routes: DeclaredRoute[] = [];
  const scanner = new MetadataScanner();
  const seen = new Set<unknown>();
  for (const module of app.get(ModulesContainer).values()) {
    for (const { metatype } of module.controllers.values()) {
      if (typeof metatype !== 'function' || seen.has(metatype)) continue;
      seen.add(metatype);
      routes.push(...routesOf(metatype as Type, scanner));
    }
  }
  return routes.sort((a, b) => (a.path === b.path ? compare(a.method, b.method) : compare(a.path, b.path)));
}

/** Throws naming every handler that declares no access: the boot stops. */
export function assertRoutesDeclared(routes: readonly DeclaredRoute[]): void {
  const undeclared = routes.filter(({ access }) => access === undefined).map(({ handler }) => handler);
  if (undeclared.length > 0) throw new Error(`handlers without @Access: ${undeclared.join(', ')}`);
}

function routesOf(controller: Type, scanner: MetadataScanner): DeclaredRoute[] {
  const prototype = controller.prototype as Record<string, unknown>;
  const onController = Reflect.getMetadata(ACCESS, controller) as Access | undefined;
  return scanner.getAllMethodNames(prototype).flatMap((name) => {
    const handler = prototype[name];
    if (typeof handler !== 'function') return [];
    const paths = texts(Reflect.getMetadata(PATH_METADATA, handler));
    const method = Reflect.getMetadata(METHOD_METADATA, handler) as RequestMethod | undefined;
    if (method === undefined) return [];
    const access = (Reflect.getMetadata(ACCESS, handler) as Access | undefined) ?? onController;
    return texts(Reflect.getMetadata(PATH_METADATA, controller)).flatMap((prefix) =>
      paths.map((path) => ({
        method: RequestMethod[method],
        path: join(prefix, path),
        access,
        handler: `${controller.name}.${name}`,
        controller,
        name,
      })),
    );
  });
}

function texts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.map(String) : [typeof value === 'string' ? value : ''];
}

function join(...parts: readonly string[]): string {
  const path = parts.flatMap((part) => part.split('/')).filter((part) => part !== '');
  return `/${path.join('/')}`;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
