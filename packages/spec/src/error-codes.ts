/** What is fixed about a failure's code: whether trying again may help, and one sentence that says what it means. */
export interface ErrorCodeInfo {
  readonly retryable: boolean
  readonly sentence: string
}

const final = (sentence: string): ErrorCodeInfo => ({ retryable: false, sentence })
const passing = (sentence: string): ErrorCodeInfo => ({ retryable: true, sentence })

/** Every code of a `ParleyError`. The list is closed; each code has a page in `docs/errors`. */
export const errorCodes = {
  // bad input
  invalid_options: final('An option is unknown or has a value that is not allowed.'),
  content_invalid: final('The content of an event does not have the shape of its type.'),
  content_too_large: final('The content of an event is larger than the limit.'),
  metadata_too_large: final('Metadata of a room, binding or event is larger than the limit.'),
  rules_invalid: final('A rules document of the local model has faults.'),
  // unknown things
  room_not_found: final('There is no such room, or it belongs to another organization.'),
  channel_not_registered: final('No channel with this id is registered with the kit.'),
  channel_not_bound: final('The channel is not attached to the room.'),
  participant_not_found: final('The room has no such participant.'),
  event_not_found: final('The room has no such event.'),
  turn_not_found: final('There is no such turn, or it has ended.'),
  request_not_found: final('There is no such pending request.'),
  source_not_found: final('No source with this id is attached.'),
  // state
  room_closed: final('The room is closed and takes no more events.'),
  room_archived: final('The room is archived for good.'),
  room_exists: final('A room with this id exists already.'),
  version_conflict: passing('The value was changed by someone else since it was read.'),
  kit_closed: final('The kit is closed.'),
  state_invalid: final('The stored conversation state of the room cannot be read.'),
  // wiring
  channel_already_registered: final('A channel with this id is registered already.'),
  attach_refused: final('The channel refused to be attached.'),
  settling_conflict: final('Two live outputs of one room both want to settle the same turn.'),
  channel_mismatch: final('The channel is not of the kind that is needed here.'),
  source_already_attached: final('A source with this id is attached already.'),
  // routing, pipelines, handoffs
  routing_invalid: final('A routing rule cannot work as written.'),
  pipeline_invalid: final('A pipeline stage cannot work as written.'),
  alias_invalid: final('An agent alias shadows an id or leads round in a circle.'),
  router_already_installed: final('Another router is installed for the whole kit.'),
  handoff_already_set_up: final('Another handoff handler serves this agent already.'),
  orchestration_missing: final('The room was set up with a definition that this process does not have.'),
  handoff_invalid_arguments: final('The arguments of the handoff are incomplete or of the wrong type.'),
  handoff_no_room: final('A handoff was asked for outside a room.'),
  handoff_in_progress: passing('Another handoff of this room is running.'),
  handoff_not_active_agent: final('The agent that asks for the handoff is not the one in charge.'),
  handoff_unknown_target: final('The handoff names a target that is not known here.'),
  handoff_not_an_agent: final('The target of the handoff is not an agent.'),
  handoff_target_unavailable: final('The target of the handoff cannot answer here.'),
  handoff_to_self: final('The handoff would lead to the agent that is already in charge.'),
  handoff_phase_not_allowed: final('The phase asked for is not owned by the target.'),
  handoff_transition_not_allowed: final('The pipeline does not lead from the present phase to the phase asked for.'),
  handoff_contract: final('The payload of the handoff does not satisfy the contract of the target.'),
  handoff_refused: final('A hook refused the handoff.'),
  handoff_limit: final('Too many handoffs without a word of the person.'),
  handoff_escalation_unavailable: final('The room cannot be moved to the channel asked for.'),
  handoff_human_unavailable: final('No person is available to take over.'),
  handoff_conflict: passing('The conversation changed while the handoff was being made.'),
  human_not_waiting: final('The room is not waiting for a person.'),
  human_not_claimed: final('The room is not held by this person.'),
  language_invalid: final('The language is not a short, single-line name or tag.'),
  voice_language_unsupported: final('A live voice session cannot speak the language.'),
  delegation_depth: final('Delegations are nested too deep.'),
  delegation_busy: passing('Too many delegations of this room are running and waiting.'),
  // turns, tools, models
  agent_no_model: final('The agent has no model and cannot generate.'),
  agent_output_invalid: final("The agent's output does not satisfy its contract."),
  agent_step_invalid: final("The agent's step could not be read."),
  tool_unknown: final('There is no tool of this name in this turn.'),
  tool_not_allowed: final('The tool is not allowed for this agent or person.'),
  tool_invalid: final('The tool is not defined as a tool must be.'),
  tool_duplicate: final('Two tools have the same name.'),
  tool_uri_invalid: final('The address of the tool cannot be read.'),
  tool_unavailable: passing('The tool cannot be reached at the moment.'),
  tool_arguments_invalid: final('The arguments of the tool call do not fit its schema.'),
  tool_result_invalid: final('The result of the tool does not fit its schema.'),
  tool_denied: final('A hook or a policy denied the tool call.'),
  tool_failed: final('The tool failed.'),
  tool_timeout: final('The tool took longer than it may.'),
  tool_too_many_calls: final('One step asked for more tool calls than are allowed.'),
  tool_repeated_call: final('The same tool call was made too often in one turn.'),
  tool_schema_unsupported: final('The schema of a tool cannot be expressed without losing meaning.'),
  request_limit: final('The room has too many open requests.'),
  request_expired: final('Nobody answered the request in time.'),
  limit_exceeded: final('A fixed limit was reached.'),
  model_output_truncated: final('The answer of the model was cut at its length limit.'),
  budget_exceeded: final('The budget does not allow the call.'),
  budget_invalid: final('A budget or an amount is not valid.'),
  model_unauthorized: final('The model provider refused the key.'),
  model_quota: final('The quota of the account at the model provider is used up.'),
  model_rate_limited: passing('The model provider asks to slow down.'),
  model_context_exceeded: final('The request does not fit into the context window of the model.'),
  model_refused: final('The model or its provider refused to answer.'),
  model_request_invalid: final('The request cannot be sent to this model as it is.'),
  model_unavailable: passing('The model provider cannot be reached or failed.'),
  model_timeout: passing('The model took too long to answer.'),
  model_stream_broken: passing("The model's answer broke off before its end."),
  embedding_invalid: final('A text cannot be embedded.'),
  // delivery
  transcoding_failed: final('The content cannot be shown on the receiving channel.'),
  breaker_open: passing('The channel failed repeatedly and is given a rest.'),
  delivery_timeout: passing('The channel did not accept the delivery in time.'),
  delivery_rejected: final('The provider of the channel refused the delivery.'),
  rate_limited: passing('Too many messages in a short time.'),
  process_timeout: passing('The message could not be accepted in time.'),
  // user code
  hook_failed: final('A hook failed.'),
  hook_timeout: final('A hook took longer than it may.'),
  hook_result_invalid: final('A hook answered with something of the wrong shape.'),
  listener_failed: final('A listener threw.'),
  // security and loading
  webhook_unverified: final('The channel has no verifier for webhooks.'),
  webhook_signature: final('The signature of the webhook is wrong.'),
  ssrf_refused: final('The address leads to a private, loopback or metadata network.'),
  path_outside: final('The path leads out of its folder.'),
  skill_invalid: final('A skill cannot be loaded.'),
  auth_required: final('The request says not who it comes from, or the server may not be public as it is set up.'),
  auth_invalid: final('The key or token is not valid, or not any more.'),
  forbidden: final('The token does not allow this.'),
  not_found: final('There is nothing at this address.'),
  frame_invalid: final('A message on the socket cannot be read.'),
  body_too_large: final('A request or a message on the socket is larger than the limit.'),
  body_invalid: final('The body of the request cannot be read.'),
  method_not_allowed: final('The address does not take this method.'),
  idempotency_conflict: final('The idempotency key was used with another body.'),
  message_blocked: final('The room did not accept the message.'),
  already_decided: final('Somebody else has answered the request.'),
  value_invalid: final('The value does not fit what was asked for.'),
  human_taken: final('Somebody else has taken the conversation.'),
  origin_refused: final('Pages of this origin may not connect.'),
  connection_limit: passing('Too many connections are open.'),
  connection_lost: passing('The connection to the server was lost.'),
  // infrastructure
  store_unavailable: passing('The store cannot be reached or failed.'),
  lock_timeout: passing('The lock of the room was not free in time.'),
  backplane_unavailable: passing('The backplane cannot be reached.'),
  kit_single_process: final('A persistent store is used with locks of one process.'),
  kit_close_failed: final('Some parts of the kit could not be closed.'),
  port_unavailable: final('No port is free to listen on.'),
  config_invalid: final('A setting has a value that is not allowed.'),
  internal_error: final('Something failed inside that should not fail.'),
} as const satisfies Record<string, ErrorCodeInfo>

/** The closed union of error codes. */
export type ErrorCode = keyof typeof errorCodes

/** Whether trying again may help, unless the error says otherwise. */
export function isRetryableCode(code: ErrorCode): boolean {
  return errorCodes[code].retryable
}
