import type { ArgumentInfo, ContractRef, StepDefinition, ToolEffect } from '@parley/spec'
import { defaultStep } from '../../definition/step-defaults.ts'
import type { DocumentContext } from '../document-context.ts'
import type { DocumentPath } from '../document-problems.ts'
import { readArguments } from '../parts/read-arguments.ts'
import { readCondition, readExpression } from '../parts/read-condition.ts'
import { readModelOptions } from '../parts/read-model-options.ts'
import { checkService } from '../parts/read-rag.ts'
import { readWait } from '../parts/read-wait.ts'
import { resolveAction } from '../resolve-action.ts'
import { camelFields, definedFields } from '../wire-fields.ts'
import type { NodeType, WrittenNode } from './node-shapes.ts'
import { qualifyCondition } from './qualify-condition.ts'
import { qualifyExpression } from './qualify-expression.ts'

type Node<Type extends NodeType> = Extract<WrittenNode, { type: Type }>

/** Makes a step of every node but `parallel` and `region`, whose regions are made apart. */
export function nodeToStep(
  node: Exclude<WrittenNode, { type: 'parallel' | 'region' }>,
  at: DocumentPath,
  context: DocumentContext,
): StepDefinition {
  const { problems } = context
  switch (node.type) {
    case 'start':
      return { ...nodeStep(node.name, 'start'), next: node.next }
    case 'end':
      return { ...nodeStep(node.name, 'end'), output: node.output }
    case 'llm':
      return { ...nodeStep(node.name, 'llm'), ...modelFields(node, at, context) }
    case 'agent': {
      // A node does not say which agent it is, unless the host has several.
      const { agent: action = 'default', max_steps: maxSteps, allowed_tools: allowedTools } = node
      return {
        ...nodeStep(node.name, 'agent'),
        ...modelFields(node, at, context),
        action,
        ...definedFields({ maxSteps, allowedTools }),
      }
    }
    case 'function': {
      const action = resolveAction(node.tool, 'tool', context) ?? node.tool
      return {
        ...nodeStep(node.name, 'tool'),
        ...common(node, at, context),
        action,
        effect: effectOf(action, node.method),
        ...(isRest(action) && { method: node.method }),
      }
    }
    case 'rag_query': {
      const { name: _name, type: _type, next, output, ...question } = node
      checkService(question.service, [...at, 'service'], problems)
      const { service = context.head.service, collection = context.head.collection } = question
      const rag = { ...camelFields({ ...question, service, collection }), query: question.query }
      return {
        ...nodeStep(node.name, 'rag'),
        ...definedFields({ next, output }),
        rag: { ...rag, topK: question.top_k, store: question.store },
      }
    }
    case 'if': {
      const condition = readCondition(node.condition, [...at, 'condition'], problems)
      // Of a condition that cannot be read, the problem is told; the way on stays checked.
      return {
        ...nodeStep(node.name, 'if'),
        condition: qualifyCondition(condition ?? false),
        then: node.then,
        else: node.else,
      }
    }
    case 'switch': {
      readExpression(node.expr, [...at, 'expr'], problems)
      const { cases, default: otherwise } = node
      return {
        ...nodeStep(node.name, 'switch'),
        switch: definedFields({ expr: qualifyExpression(node.expr), cases, default: otherwise }),
      }
    }
    case 'wait':
      return { ...nodeStep(node.name, 'wait'), ...waitFields(node, at, context) }
  }
}

/** A step of a node. One token walks a flow, so nothing of it waits for a lane. */
export function nodeStep(name: string, kind: StepDefinition['kind']): StepDefinition {
  return { ...defaultStep(name, kind), parallel: true }
}

interface CommonFields {
  next: string
  output?: string
  outputContract?: ContractRef
  inputs?: { [argument: string]: ArgumentInfo }
}

function common(node: Node<'llm' | 'agent' | 'function'>, at: DocumentPath, context: DocumentContext): CommonFields {
  const { next, output, inputs } = node
  return definedFields({
    next,
    output,
    outputContract: declaredType(output, context),
    inputs: inputs === undefined ? undefined : readArguments(inputs, [...at, 'inputs'], context.problems),
  })
}

/** The type of an output, where the document declares one of that name. */
function declaredType(output: string | undefined, { head: { dataTypes } }: DocumentContext): ContractRef | undefined {
  const schema = output !== undefined && Object.hasOwn(dataTypes, output) ? dataTypes[output] : undefined
  return schema && { schema }
}

function modelFields(node: Node<'llm' | 'agent'>, at: DocumentPath, context: DocumentContext): Partial<StepDefinition> {
  const { head, problems } = context
  const own =
    node.llm_kwargs === undefined ? undefined : readModelOptions(node.llm_kwargs, [...at, 'llm_kwargs'], problems)
  const options = { ...head.modelOptions, ...own }
  const shown = {
    output: node.stream_output,
    delta: node.stream_delta,
    ...(node.type === 'agent' && { instructions: node.stream_instructions, partials: node.stream_partials }),
  }
  // A step that says nothing shows its output; a node shows what it says.
  const stream = Object.fromEntries(Object.entries(shown).filter(([, isShown]) => isShown === true))
  return {
    ...common(node, at, context),
    prompt: node.prompt,
    ...definedFields({ model: node.llm_model ?? head.model }),
    ...(Object.keys(options).length > 0 && { modelOptions: options }),
    ...(node.use_history && {
      history: definedFields({ limit: node.history_limit, maxChars: node.history_max_chars }),
    }),
    stream,
  }
}

function waitFields(node: Node<'wait'>, at: DocumentPath, { problems }: DocumentContext): Partial<StepDefinition> {
  const { name: _name, type: _type, next, output, kind, event, ...rest } = node
  const wait = readWait(definedFields({ ...rest, type: kind, name: event }), { at, typeAt: [...at, 'kind'] }, problems)
  return definedFields({ next, output, wait })
}

function isRest(action: string): boolean {
  return action.startsWith('rest://')
}

/** What a call does to the world: reading over REST nothing, replacing and deleting the same when repeated. */
function effectOf(action: string, method: Node<'function'>['method']): ToolEffect {
  if (!isRest(action)) return 'effectful'
  if (method === 'get' || method === 'head') return 'pure'
  return method === 'put' || method === 'delete' ? 'idempotent' : 'effectful'
}
