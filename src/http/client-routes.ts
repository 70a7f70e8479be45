/** Addresses that are the dashboard's besides /: the server answers them with its page, whose table of routes has a line for each. */
export const CLIENT_ROUTES = ['/jobs', '/jobs/:id', '/compare', '/new', '/models', '/datasets', '/keys', '/webhooks', '/audit', '/fleet', '/sweeps', '/sweeps/:id'] as const
export type ClientRoute = typeof CLIENT_ROUTES[number]
