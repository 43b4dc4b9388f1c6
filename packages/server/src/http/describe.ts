import type { DescribeRouteOptions } from 'hono-openapi'
import { answerSchemas } from './answer-schemas.ts'
import type { OpenApiDocument, OpenApiParameter, OpenApiSchema } from './open-api.ts'
import type { Route } from './route.ts'
import { toWireSchema } from './wire-schema.ts'

const reference = (name: string): { $ref: string } => ({ $ref: `#/components/schemas/${name}` })

/** What the document says of one route. */
export function describeOperation(route: Route): DescribeRouteOptions {
  const { summary, tag, rights, allowsRoomToken, answer, answerType = 'application/json', status, body } = route
  const holders =
    rights.length === 0
      ? 'Open to everybody.'
      : `Needs ${rights.join(' or ')}${allowsRoomToken ? ', or the token of a participant of the room' : ''}.`
  return {
    summary,
    tags: [tag],
    description: holders,
    operationId: operationIdOf(route),
    parameters: [...pathParameters(route.path), ...queryParameters(route)],
    ...(body === undefined
      ? {}
      : { requestBody: { content: { 'application/json': { schema: toWireSchema(body, 'input').schema } } } }),
    ...(rights.length === 0 ? { security: [] } : {}),
    responses: {
      [status]: { description: 'Done', content: { [answerType]: { schema: reference(answer) } } },
      default: { description: 'Not done', content: { 'application/problem+json': { schema: reference('Problem') } } },
    },
  }
}

/** Everything of the document that is not a route. */
export function documentFrame(routes: readonly Route[]): Partial<OpenApiDocument> {
  const schemas: Record<string, OpenApiSchema> = {}
  for (const [name, schema] of Object.entries(answerSchemas)) {
    const written = toWireSchema(schema, 'output')
    Object.assign(schemas, written.shared, { [name]: written.schema })
  }
  for (const { body } of routes) if (body !== undefined) Object.assign(schemas, toWireSchema(body, 'input').shared)
  return {
    openapi: '3.1.0',
    info: {
      title: 'Parley',
      version: '1',
      description: 'Rooms, people and agents over HTTP. Names are snake_case; keys of metadata and payloads are yours.',
    },
    security: [{ bearer: [] }],
    components: {
      schemas,
      securitySchemes: { bearer: { type: 'http', scheme: 'bearer', description: 'An API key or a room token' } },
    },
  }
}

function operationIdOf({ method, path }: Route): string {
  const words = path
    .replace(/^\/v1/, '')
    .split(/[/:_.-]+/)
    .filter((word) => word !== '')
  return [method.toLowerCase(), ...words].join('_')
}

function pathParameters(path: string): OpenApiParameter[] {
  return [...path.matchAll(/:(\w+)/g)].map(([, name = '']) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }))
}

function queryParameters({ query }: Route): OpenApiParameter[] {
  const { schema } = toWireSchema(query, 'input')
  if (!('properties' in schema)) return []
  return Object.entries(schema.properties ?? {}).map(([name, property]) => ({
    name,
    in: 'query',
    required: schema.required?.includes(name) === true,
    // A property's schema is a schema like any other; the types of a property are those of the older version.
    schema: property as NonNullable<OpenApiParameter['schema']>,
  }))
}
