import { demoPeople } from '../business/people.ts'

/** What the start text tells. */
export interface StartFacts {
  url: string
  readyMs: number
  modelLabel: string
  modelRemark: string
  /** What a conversation costs and may cost; absent where nothing is paid. */
  modelCost?: string | undefined
  /** What calls are heard and spoken with. */
  hearing: { label: string; remark: string }
  speech: { label: string; remark: string }
  warnings: readonly string[]
  /** Where data is kept, in words. */
  data: string
  customers: number
  articles: number
  /** Shown where the desk must sign in. */
  deskKey?: string
}

/** The block that `npm start` prints. It names what does the work, and what is not there. */
export function startText(facts: StartFacts): string {
  const {
    url,
    readyMs,
    modelLabel,
    modelRemark,
    modelCost,
    hearing,
    speech,
    warnings,
    data,
    customers,
    articles,
    deskKey,
  } = facts
  const title = 'Parley call center · Harbor Internet (demo)'
  const tries = [demoPeople[0], demoPeople[3], demoPeople[2]].flatMap((person) =>
    person ? [`"${person.firstWords}"`] : [],
  )
  const lines = [
    `${title.padEnd(72)} ready in ${(readyMs / 1_000).toFixed(1)} s`,
    row('Caller', `${url}/`, 'call or type, as a customer'),
    row('Desk', `${url}/desk`, 'answer, listen in, take over'),
    row('API', `${url}/docs`),
    '',
    row('Model', modelLabel, modelCost ?? modelRemark),
    ...(modelCost === undefined ? [] : [row('', '', modelRemark)]),
    ...warnings.map((warning) => row('', warning)),
    row('Hearing', hearing.label, hearing.remark),
    row('Speech', speech.label, speech.remark),
    row('Data', data, `${customers} customers, ${articles} help articles`),
    row('Try', tries.join('    ')),
    row('Keys', 'put OPENAI_API_KEY (or OPENAI_BASE_URL, PARLEY_MODEL) in .env and restart'),
    ...(deskKey === undefined ? [] : [row('Sign-in', `desk key ${deskKey}`)]),
  ]
  return `\n${lines.map((line) => (line === '' ? '' : `  ${line}`)).join('\n')}\n`
}

function row(name: string, value: string, remark = ''): string {
  const [first, second] = [name.padEnd(9), remark === '' ? value : value.padEnd(31)]
  return `${first}${second}${remark === '' ? '' : ` ${remark}`}`
}
