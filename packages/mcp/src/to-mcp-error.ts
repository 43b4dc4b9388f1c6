import { ProtocolError, SdkError, SdkErrorCode, SdkHttpError } from '@modelcontextprotocol/client'
import { ParleyError } from '@parley/spec'

/** Of JSON-RPC, for an answer that never came; servers have codes from -32000 to -32099 to themselves. */
export const ANSWER_LOST = -32_098

/** Failures of the official client that are about what the server said, not about whether it is there. */
const nonsense: ReadonlySet<unknown> = new Set([
  SdkErrorCode.InvalidResult,
  SdkErrorCode.UnsupportedResultType,
  SdkErrorCode.ClientHttpUnexpectedContent,
  SdkErrorCode.ListPaginationExceeded,
])

/**
 * What the official client throws, as an error of ours. Its messages quote what the server said, which may hold
 * anything, so codes and statuses are all that is passed on; the rest stays in `cause`.
 */
export function toMcpError(thrown: unknown, id: string): ParleyError {
  if (ParleyError.isInstance(thrown)) return thrown
  if (thrown instanceof ProtocolError) {
    return thrown.code === ANSWER_LOST
      ? unavailable(id, 'ended its answer before it was whole', thrown)
      : failure('tool_failed', `The MCP server "${id}" refused the request (${thrown.code}).`, {
          id,
          more: { code: thrown.code },
          cause: thrown,
        })
  }
  if (thrown instanceof SdkHttpError) {
    const { status } = thrown.data
    return failure('tool_unavailable', `The MCP server "${id}" answered with status ${status}.`, {
      id,
      more: { status },
      cause: thrown,
    })
  }
  if (thrown instanceof SdkError && !nonsense.has(thrown.code)) return unavailable(id, 'has ended', thrown)
  // What fetch throws when the connection breaks.
  if (thrown instanceof TypeError) return unavailable(id, 'broke off its answer', thrown)
  return failure('tool_result_invalid', `The MCP server "${id}" answered with what is no answer of MCP.`, {
    id,
    cause: thrown,
  })
}

/** A server that is not there, or not any more. */
export function unavailable(id: string, why: string, cause?: unknown): ParleyError {
  return failure('tool_unavailable', `The MCP server "${id}" ${why}.`, { id, cause })
}

function failure(
  code: 'tool_failed' | 'tool_unavailable' | 'tool_result_invalid',
  message: string,
  { id, more = {}, cause }: { id: string; more?: { [key: string]: number }; cause?: unknown },
): ParleyError {
  return new ParleyError({ code, message, details: { server: id, ...more }, cause })
}
