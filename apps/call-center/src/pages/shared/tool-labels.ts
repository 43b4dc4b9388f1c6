/** What each tool does, in the words of a person who waits for it. */
const labels: Readonly<Record<string, readonly [running: string, done: string]>> = {
  find_account: ['looking up your account', 'looked up the account'],
  verify_caller: ['verifying who you are', 'verified the caller'],
  list_invoices: ['checking your invoices', 'checked the invoices'],
  explain_invoice: ['reading the invoice', 'read the invoice'],
  issue_credit: ['issuing a credit', 'asked for a credit'],
  area_outage: ['checking for outages', 'checked for outages'],
  run_line_test: ['testing your line', 'started a test of the line'],
  reboot_modem: ['restarting your modem', 'restarted the modem'],
  open_ticket: ['opening a ticket', 'opened a ticket'],
  list_slots: ['looking for free times', 'looked for free times'],
  schedule_visit: ['booking a visit', 'booked a visit'],
  list_offers: ['looking for offers', 'looked for offers'],
  apply_offer: ['applying the offer', 'applied the offer'],
  change_plan: ['changing your plan', 'changed the plan'],
  search_help: ['searching the help articles', 'searched the help articles'],
  handoff_conversation: ['handing over', 'handed over'],
  request_human: ['asking for a colleague', 'asked for a colleague'],
  note: ['leaving a note', 'left a note'],
}

/** What a tool does while it runs; an unknown tool by its name. */
export function runningLabel(tool: string): string {
  return labels[tool]?.[0] ?? tool.replaceAll('_', ' ')
}

/** What a tool did. */
export function doneLabel(tool: string): string {
  return labels[tool]?.[1] ?? tool.replaceAll('_', ' ')
}
