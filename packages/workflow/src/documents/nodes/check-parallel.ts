import type { DocumentPath, DocumentProblems } from '../document-problems.ts'
import type { WrittenNode } from './node-shapes.ts'
import { reachableNodes, type NodesByName } from './reachable-nodes.ts'

type ParallelNode = Extract<WrittenNode, { type: 'parallel' }>

/** Tells what is wrong with the branches of all nodes `parallel`. */
export function checkParallel(nodes: NodesByName, start: string, problems: DocumentProblems): void {
  const outside = reachableNodes({ nodes, from: [start] })
  for (const { node, at } of nodes.values()) {
    if (node.type === 'parallel') checkBranches({ node, at, nodes, outside, problems })
  }
}

/** Faults of the branches of one `parallel` that are told. */
const maxFaults = 10

interface BranchCheck {
  node: ParallelNode
  at: DocumentPath
  nodes: NodesByName
  /** What the token reaches outside of all branches. */
  outside: ReadonlySet<string>
  problems: DocumentProblems
}

function checkBranches({ node, at, nodes, outside, problems }: BranchCheck): void {
  let faults = 0
  const refuse = (path: DocumentPath, message: string, fix: string): void => {
    faults += 1
    problems.add({ code: 'document_invalid', at: path, message, fix })
  }
  const owners = new Map<string, string>()
  const writers = new Map<string, string>()
  for (const [index, branch] of node.branches.entries()) {
    // Branches that keep apart are walked once; those that do not could be walked without end.
    if (faults >= maxFaults) return
    const branchAt = [...at, 'branches', index]
    if (node.branches.indexOf(branch) < index) {
      refuse(branchAt, `"${node.name}" has the branch "${branch}" twice.`, 'Give it once.')
      continue
    }
    if (branch === node.next) {
      refuse(
        branchAt,
        `The branch "${branch}" of "${node.name}" is its join.`,
        'Lead the branch through a node of its own.',
      )
      continue
    }
    if (!nodes.has(branch)) {
      problems.add({
        code: 'unknown_reference',
        at: branchAt,
        message: `"${node.name}" has the branch "${branch}", and there is no such node.`,
        fix: 'Name a node of this document.',
      })
      continue
    }
    for (const name of reachableNodes({ nodes, from: [branch], stopAt: node.next, intoBranches: true })) {
      const inner = nodes.get(name)
      if (inner === undefined) continue
      const who = `The branch "${branch}" of "${node.name}"`
      if (name === node.name) refuse(branchAt, `${who} leads back into "${name}".`, `Lead it to "${node.next}".`)
      else if (inner.node.type === 'start' || inner.node.type === 'end') {
        refuse(inner.at, `${who} reaches the ${inner.node.type} node "${name}".`, `Lead it to "${node.next}".`)
      } else if (owners.has(name)) {
        refuse(
          inner.at,
          `${who} shares the node "${name}" with "${owners.get(name)}".`,
          'Give each branch nodes of its own.',
        )
      } else if (outside.has(name)) {
        refuse(
          branchAt,
          `${who} has the node "${name}", which is reached from outside too.`,
          'Give the branch nodes of its own.',
        )
      } else {
        owners.set(name, branch)
        const output = 'output' in inner.node ? inner.node.output : undefined
        const writer = output === undefined ? undefined : writers.get(output)
        if (output !== undefined && writer !== undefined && writer !== branch) {
          refuse(
            [...inner.at, 'output'],
            `"${name}" writes "${output}", and so does the branch "${writer}".`,
            'Give it another output.',
          )
        } else if (output !== undefined) writers.set(output, branch)
      }
    }
  }
}
