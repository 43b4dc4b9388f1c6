/** What `line` of a conversation's context says where the caller is on the phone. */
export const phoneLine = 'phone'
