import type { Channel } from '@parley/spec'

/** The id of the channel that `kit.send` uses for people without one of their own. */
export const DIRECT_CHANNEL_ID = 'direct'

/**
 * Makes the built-in `direct` channel: the host's own code speaks by it for people without a channel. It shows nothing
 * to anybody, so a delivery to it is done when it is made; the log is where the host reads.
 */
export function createDirectChannel(): Channel {
  return {
    channelId: DIRECT_CHANNEL_ID,
    channelType: 'system',
    category: 'transport',
    capabilities: {
      content: [
        'text',
        'rich',
        'media',
        'audio',
        'video',
        'location',
        'composite',
        'template',
        'edit',
        'delete',
        'reaction',
        'dtmf',
        'redacted',
      ],
      edits: true,
      deletes: true,
      reactions: true,
      threads: true,
      richText: true,
      buttons: true,
      templates: true,
    },
    deliver: () => sent,
  }
}

const sent = Promise.resolve({ status: 'sent' as const })
