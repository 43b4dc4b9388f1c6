export {
  chatModelSuite,
  type ChatModelScenario,
  type ChatModelSubject,
  type ModelFailure,
  type Provoked,
} from './chat-model.ts'
