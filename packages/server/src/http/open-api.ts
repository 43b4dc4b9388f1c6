import type { DescribeRouteOptions, generateSpecs } from 'hono-openapi'

/** An OpenAPI 3.1 document as it is generated. */
export type OpenApiDocument = Awaited<ReturnType<typeof generateSpecs>>

/** A parameter of an operation. */
export type OpenApiParameter = Extract<NonNullable<DescribeRouteOptions['parameters']>[number], { name: string }>

/** A schema, or a reference to one. */
export type OpenApiSchema = NonNullable<OpenApiDocument['components']['schemas']>[string]

/** What one method of one path does. */
export type OpenApiOperation = NonNullable<OpenApiDocument['paths'][string]['get']>
