import { createClient } from '@parley/client'
// Bundled as files of their own and named by address: no blob, no eval.
// oxlint-disable-next-line import/default -- the suffix is the bundler's, which makes the default
import capture from '@parley/client/worklets/capture?worker&url'
// oxlint-disable-next-line import/default -- the suffix is the bundler's, which makes the default
import playout from '@parley/client/worklets/playout?worker&url'

const output = document.querySelector('output')
document.querySelector('button')?.addEventListener('click', () => {
  createClient()
    .calls.start({
      roomId: 'r',
      worklets: { capture, playout },
      openCall: async () => ({ callId: 'call-1', token: 'good' }),
      onUpdate: (update) => {
        if (update.type === 'error') console.error(update.error.message)
        output?.append(`${JSON.stringify(update)}\n`)
      },
    })
    .then(
      (call) => {
        output?.append(`live ${JSON.stringify(call.stats())}\n`)
        Object.assign(globalThis, { call })
      },
      (error: unknown) => output?.append(`failed ${String(error)}\n`),
    )
})
