export { createMcpHost, type McpHostOptions } from './mcp-host.ts'
