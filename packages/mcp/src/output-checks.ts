import { AjvJsonSchemaValidator } from '@modelcontextprotocol/client/validators/ajv'
import { ParleyError, type ToolDescription } from '@parley/spec'

type Check = (value: unknown) => boolean

/**
 * Checks results by the schemas that a server declares of them, each made when it is first needed.
 * @throws {ParleyError} `tool_schema_unsupported` from the returned function, for a schema that is none
 */
export function createOutputChecks(id: string): (tool: ToolDescription) => Check {
  // One per connection: schemas with an `$id` are known by it, and servers do not see each other's.
  const validator = new AjvJsonSchemaValidator()
  const checks = new WeakMap<ToolDescription, Check>()
  return (tool) => {
    if (tool.output === undefined) return () => true
    const known = checks.get(tool)
    if (known !== undefined) return known
    try {
      const validate = validator.getValidator(tool.output)
      const check: Check = (value) => validate(value).valid
      checks.set(tool, check)
      return check
    } catch (error) {
      throw new ParleyError({
        code: 'tool_schema_unsupported',
        message: `The output schema of the tool "${tool.name}" of the MCP server "${id}" is no JSON Schema that can be checked.`,
        details: { server: id, tool: tool.name },
        cause: error,
      })
    }
  }
}
