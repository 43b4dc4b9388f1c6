import type { WorkletAddresses } from '@parley/client'
// Bundled as files of their own and named by address, so that the page's policy needs no exception.
// oxlint-disable-next-line import/default -- the suffix is the bundler's, which makes the default
import capture from '@parley/client/worklets/capture?worker&url'
// oxlint-disable-next-line import/default -- the suffix is the bundler's, which makes the default
import playout from '@parley/client/worklets/playout?worker&url'

/** Where this build serves the audio worklets. */
export const worklets: WorkletAddresses = { capture, playout }
