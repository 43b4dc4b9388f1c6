// Chain, fan-out and foreach as LangGraph state graphs. Its nodes have no contracts of their own: they check by hand.
import { Annotation, END, Send, START, StateGraph } from '@langchain/langgraph'

const CONCURRENCY = 32

export function createChain(steps, { contract, advance }) {
  const graph = new StateGraph(Annotation.Root({ payload: Annotation() }))
  const run = (state) => ({ payload: contract.parse(advance(contract.parse(state.payload))) })
  let before = START
  for (let step = 0; step < steps; step++) {
    graph.addNode(`s${step}`, run)
    graph.addEdge(before, `s${step}`)
    before = `s${step}`
  }
  graph.addEdge(before, END)
  const app = graph.compile()
  return async (payload) => (await app.invoke({ payload }, { recursionLimit: steps + 10 })).payload
}

export function createFanout(width, { contract, advance }) {
  const graph = new StateGraph(
    Annotation.Root({
      payload: Annotation(),
      results: Annotation({ reducer: (left, right) => left.concat(right), default: () => [] }),
      sum: Annotation(),
    }),
  )
  const run = (payload) => contract.parse(advance(contract.parse(payload)))
  graph.addNode('source', (state) => ({ payload: run(state.payload) }))
  graph.addEdge(START, 'source')
  const names = Array.from({ length: width }, (_, index) => `b${index}`)
  for (const name of names) {
    graph.addNode(name, (state) => ({ results: [run(state.payload)] }))
    graph.addEdge('source', name)
  }
  graph.addNode('join', (state) => ({ sum: state.results.reduce((sum, { count }) => sum + count, 0) }))
  graph.addEdge(names, 'join')
  graph.addEdge('join', END)
  const app = graph.compile()
  return async (payload) => (await app.invoke({ payload }, { maxConcurrency: CONCURRENCY })).sum
}

export function createForeach(concurrency, { itemContract, advanceItem }) {
  const graph = new StateGraph(
    Annotation.Root({
      items: Annotation(),
      results: Annotation({ reducer: (left, right) => left.concat(right), default: () => [] }),
    }),
  )
  graph.addNode('each', (state) => ({ results: [itemContract.parse(advanceItem(itemContract.parse(state.item)))] }))
  graph.addConditionalEdges(START, (state) => state.items.map((item) => new Send('each', { item })), ['each'])
  graph.addEdge('each', END)
  const app = graph.compile()
  // With a limit of 1 it starts none of them and ends without a result, so two is its least.
  return async (items) => (await app.invoke({ items }, { maxConcurrency: Math.max(2, concurrency) })).results
}
