/** A reply that is ready; `{{...}}` is filled from the customer card and the desk. */
export interface CannedReply {
  title: string
  text: string
}

/** The replies that ship. */
export const cannedReplies: readonly CannedReply[] = [
  {
    title: 'Hello',
    text: 'Hi {{customer.firstName}}, this is {{desk.name}} from Harbor Internet. I have read what happened so far; you do not have to repeat it.',
  },
  { title: 'One moment', text: 'One moment please, {{customer.firstName}}. I am looking into it.' },
  { title: 'Credit approved', text: 'I approved the credit. It shows on your next invoice.' },
  {
    title: 'Paid twice',
    text: 'I see it: {{duplicate.amount}} was taken twice for {{duplicate.month}}. I am sorry about that.',
  },
  { title: 'Balance', text: 'Your balance at the moment is {{customer.balance}}.' },
  { title: 'Your plan', text: 'You have the {{customer.plan}} plan at {{customer.monthly}} a month.' },
  { title: 'Open ticket', text: 'Your ticket is {{ticket.id}}. You can name it any time you write to us.' },
  { title: 'Visit', text: 'The technician comes on {{visit.day}}, between {{visit.starts}} and {{visit.ends}}.' },
  {
    title: 'Outage',
    text: 'There is a known outage in {{customer.area}}. We are working on it and will write to you when it is over.',
  },
  {
    title: 'Back to our agent',
    text: 'I hand you back to our agent, {{customer.firstName}}. They know what we talked about.',
  },
  { title: 'Anything else', text: 'Is there anything else I can do for you today?' },
  { title: 'Goodbye', text: 'Thank you for your patience, {{customer.firstName}}. Have a good day.' },
]
