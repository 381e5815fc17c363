import type { ExecutionContext } from '@nestjs/common';

/** Reads what decorators say about a route once: on the path of every call, reflection costs more than what it tells. */
export function perRoute<T>(read: (context: ExecutionContext) => T): (context: ExecutionContext) => T {
  // By class as well: a handler that two controllers inherit can be public in one of them.
  const known = new WeakMap<object, WeakMap<object, { readonly value: T }>>();
  return (context) => {
    const [controller, handler] = [context.getClass(), context.getHandler()];
    let routes = known.get(controller);
    if (!routes) known.set(controller, (routes = new WeakMap()));
    let route = routes.get(handler);
    if (!route) routes.set(handler, (route = { value: read(context) }));
    return route.value;
  };
}
