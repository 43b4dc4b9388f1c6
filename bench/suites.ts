import type { Suite } from './suite.ts'

/** All benchmarks by name. What they need is loaded when they are run. */
export const suites: Readonly<Record<string, Suite>> = {
  inbound: {
    describes: 'messages through the whole pipeline, and the time to their commit',
    scenarios: {
      inbound: async () => (await import('./inbound/pipeline.ts')).pipeline,
      'inbound-floor': async () => (await import('./inbound/floor.ts')).floor,
      'inbound-1-0': async () => (await import('./inbound/to-commit.ts')).toCommit(1, 0),
      'inbound-1-3': async () => (await import('./inbound/to-commit.ts')).toCommit(1, 3),
      'inbound-10000-0': async () => (await import('./inbound/to-commit.ts')).toCommit(10_000, 0),
      'inbound-10000-3': async () => (await import('./inbound/to-commit.ts')).toCommit(10_000, 3),
    },
  },
  fanout: {
    describes: 'one event to 1,000 sockets',
    scenarios: {
      'fanout-ws': async () => (await import('./fanout/fanout-ws.ts')).fanoutWs,
      'fanout-socketio': async () => (await import('./fanout/fanout-peer.ts')).fanoutAgainst('socketio', 'Socket.IO'),
      'fanout-colyseus': async () => (await import('./fanout/fanout-peer.ts')).fanoutAgainst('colyseus', 'Colyseus'),
    },
  },
  rooms: {
    describes: 'what rooms cost that are many, idle, busy or watched by hooks',
    scenarios: {
      'rooms-heap': async () => (await import('./rooms/heap.ts')).heap,
      'rooms-scaling': async () => (await import('./rooms/scaling.ts')).scaling,
      'rooms-idle': async () => (await import('./rooms/idle.ts')).idle,
      'rooms-lock': async () => (await import('./rooms/lock.ts')).lock,
      'rooms-hooks': async () => (await import('./rooms/hooks.ts')).hooks,
      'rooms-recovery': async () => (await import('./rooms/recovery.ts')).recovery,
    },
  },
  handoff: {
    describes: 'handing a conversation over, and deciding who is asked',
    scenarios: {
      'handoff-memory': async () => (await import('./handoff/first-token.ts')).inMemory,
      'handoff-pglite': async () => (await import('./handoff/first-token.ts')).onPglite,
      'handoff-three': async () => (await import('./handoff/three-agents.ts')).threeAgents,
      'handoff-decide': async () => (await import('./handoff/decide.ts')).decide,
      'handoff-overhead': async () => (await import('./handoff/overhead.ts')).overhead,
    },
  },
  store: {
    describes: 'appends, commits and contexts of the stores',
    scenarios: {
      'store-pglite': async () => (await import('./store/appends.ts')).onPglite,
      'store-postgres': async () => (await import('./store/appends.ts')).onServer,
      'store-commit': async () => (await import('./store/commits.ts')).commits,
      'store-context': async () => (await import('./store/context.ts')).context,
    },
  },
  audio: {
    describes: 'what the parts that sound goes through take for 20 ms of it',
    scenarios: {
      'audio-pcmu-encode': async () => (await import('./audio/g711.ts')).g711,
      'audio-framer': async () => (await import('./audio/frames.ts')).framer,
      'audio-mixer-2': async () => (await import('./audio/frames.ts')).mixer,
      'audio-jitter': async () => (await import('./audio/frames.ts')).jitter,
      'audio-dtmf': async () => (await import('./audio/frames.ts')).dtmf,
      'audio-resample-8000-16000': async () => (await import('./audio/resample.ts')).resample,
    },
  },
  'turn-latency': {
    describes: 'what a call adds to the configured delay before it answers',
    scenarios: {
      'turn-latency-1': async () => (await import('./voice/turn-latency.ts')).turnLatency(1, 180, 5),
      'turn-latency-50': async () => (await import('./voice/turn-latency.ts')).turnLatency(50, 12, 15),
      'turn-latency-200': async () => (await import('./voice/turn-latency.ts')).turnLatency(200, 6, 40),
      'turn-latency-machine': async () => (await import('./voice/machine.ts')).machine,
    },
  },
  'barge-in': {
    describes: 'how soon the agent is silent when somebody speaks into it',
    scenarios: {
      'barge-in-50': async () => (await import('./voice/barge-in.ts')).decisionToClear,
      'barge-in-websocket': async () => (await import('./voice/barge-in.ts')).farEnd('barge-in-websocket', 'websocket'),
      'barge-in-twilio': async () => (await import('./voice/barge-in.ts')).farEnd('barge-in-twilio', 'twilio'),
    },
  },
  'calls-per-core': {
    describes: 'calls that one core takes, with speech detection on',
    scenarios: {
      'calls-per-core': async () => {
        const { callsPerCore, withSilero } = await import('./voice/calls-per-core.ts')
        return callsPerCore(withSilero)
      },
      'calls-per-core-wasm': async () => {
        const { callsPerCore, withWasm } = await import('./voice/calls-per-core.ts')
        return callsPerCore(withWasm)
      },
      'calls-per-core-node': async () => {
        const { callsPerCore, withNative } = await import('./voice/calls-per-core.ts')
        return callsPerCore(withNative)
      },
      'calls-per-core-energy': async () => {
        const { callsPerCore, withEnergy } = await import('./voice/calls-per-core.ts')
        return callsPerCore(withEnergy)
      },
    },
  },
  'call-memory': {
    describes: 'memory of calls, and what is left of them',
    scenarios: {
      'call-memory-idle': async () => (await import('./voice/call-memory.ts')).perCall,
      'call-memory-leak': async () => (await import('./voice/call-memory.ts')).leak,
    },
  },
  chain: {
    describes: 'what a workflow takes per step of a chain of 1,000, contracts on',
    scenarios: {
      'chain-langgraph': async () => (await import('./workflows/comparisons.ts')).chainAgainst('langgraph'),
      'chain-mastra': async () => (await import('./workflows/comparisons.ts')).chainAgainst('mastra'),
      'chain-kairos': async () => (await import('./workflows/comparisons.ts')).chainAgainst('kairos'),
      'chain-promise': async () => (await import('./workflows/comparisons.ts')).chainAgainst('promise'),
      'chain-bare-promise': async () => (await import('./workflows/comparisons.ts')).chainAgainst('bare-promise'),
      'chain-promise-text': async () => (await import('./workflows/comparisons.ts')).chainOfText,
      'chain-memory': async () => (await import('./workflows/chain-memory.ts')).chainMemory,
      'chain-contracts': async () => (await import('./workflows/chain-contracts.ts')).chainContracts,
    },
  },
  'fanout-steps': {
    describes: 'what a workflow takes per step of 1,000 beside each other, and their join',
    scenarios: {
      'fanout-steps-langgraph': async () => (await import('./workflows/comparisons.ts')).fanoutAgainst('langgraph'),
      'fanout-steps-mastra': async () => (await import('./workflows/comparisons.ts')).fanoutAgainst('mastra'),
      'fanout-steps-kairos': async () => (await import('./workflows/comparisons.ts')).fanoutAgainst('kairos'),
      'fanout-steps-promise': async () => (await import('./workflows/comparisons.ts')).fanoutAgainst('promise'),
      'fanout-steps-p-queue': async () => (await import('./workflows/comparisons.ts')).fanoutAgainst('p-queue'),
    },
  },
  foreach: {
    describes: 'what a foreach over 10,000 items takes per item',
    scenarios: {
      'foreach-langgraph': async () => (await import('./workflows/comparisons.ts')).foreachAgainst('langgraph', 1),
      'foreach-mastra': async () => (await import('./workflows/comparisons.ts')).foreachAgainst('mastra', 1),
      'foreach-kairos': async () => (await import('./workflows/comparisons.ts')).foreachAgainst('kairos', 1),
      'foreach-promise': async () => (await import('./workflows/comparisons.ts')).foreachAgainst('promise', 1),
      'foreach-32-langgraph': async () => (await import('./workflows/comparisons.ts')).foreachAgainst('langgraph', 32),
      'foreach-32-mastra': async () => (await import('./workflows/comparisons.ts')).foreachAgainst('mastra', 32),
      'foreach-32-promise': async () => (await import('./workflows/comparisons.ts')).foreachAgainst('promise', 32),
      'foreach-32-p-queue': async () => (await import('./workflows/comparisons.ts')).foreachAgainst('p-queue', 32),
    },
  },
  'durable-chain': {
    describes: 'what a checkpointed chain of 1,000 steps takes, and taking it up again',
    scenarios: {
      'durable-chain-sql': async () => (await import('./workflows/durable-chain.ts')).durableSql,
      'durable-chain-pglite': async () => (await import('./workflows/durable-chain.ts')).durablePglite,
      'durable-chain-memory': async () => (await import('./workflows/durable-chain.ts')).durableMemory,
      'durable-chain-events': async () => (await import('./workflows/durable-chain.ts')).durableEvents,
      'durable-chain-recovery': async () => (await import('./workflows/durable-recovery.ts')).durableRecovery,
    },
  },
  route: {
    describes: 'decisions about models per second, receipts included',
    scenarios: {
      route: async () => (await import('./workflows/route.ts')).route(500, 'route', 5_000),
      'route-100': async () => (await import('./workflows/route.ts')).route(100, 'route-100'),
    },
  },
  waiting: {
    describes: 'memory of runs that wait for an answer',
    scenarios: {
      waiting: async () => (await import('./workflows/waiting.ts')).waiting,
    },
  },
}
