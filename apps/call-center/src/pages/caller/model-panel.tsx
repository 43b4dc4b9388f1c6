import type { ModelInfo } from '../shared/demo-api.ts'

const examplesShown = 3

/** What does the work, and the limits of it. */
export function ModelPanel({ model }: { model: ModelInfo }) {
  return (
    <section
      id="model-panel"
      aria-label="What answers you"
      tabIndex={0}
      className="absolute top-full right-0 z-20 mt-2 max-h-[70vh] w-[min(28rem,calc(100vw-2rem))] animate-panel overflow-y-auto rounded-md border border-line bg-surface p-5 text-sm shadow-lg max-sm:fixed max-sm:top-16 max-sm:right-4"
    >
      <h2 className="text-base font-semibold first-letter:uppercase">{model.label}</h2>
      <p className="mt-1 text-muted">
        {model.remote
          ? 'A language model of another company answers. What you write is sent there.'
          : 'No language model and no key: the agents follow written rules on this machine. They understand the phrases below in English, and nothing else. With a key of a model in .env they understand free speech.'}
      </p>
      {model.understands.map(({ agent, intents }) => (
        <div key={agent} className="mt-4">
          <h3 className="label">{agent}</h3>
          <ul className="mt-1 flex flex-col gap-1">
            {intents.flatMap(({ id, examples }) =>
              examples.slice(0, examplesShown).map((example) => (
                <li key={`${id} ${example}`} className="text-ink">
                  “{example}”
                </li>
              )),
            )}
          </ul>
        </div>
      ))}
      {model.voice !== undefined && (
        <dl className="mt-4 grid grid-cols-[auto_1fr] gap-x-4 gap-y-1">
          <dt className="label leading-5">Hearing</dt>
          <dd>
            {model.voice.hearing.label}: <span className="text-muted">{model.voice.hearing.remark}</span>
          </dd>
          <dt className="label leading-5">Speech</dt>
          <dd>
            {model.voice.speech.label}:{' '}
            <span className="text-muted">
              {model.voice.speech.remark}; synthetic voices sound plain, and only English ships
            </span>
          </dd>
        </dl>
      )}
      <p className="mt-4 font-mono text-xs text-muted">{model.id}</p>
    </section>
  )
}
