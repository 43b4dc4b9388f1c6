export { folderRecordings } from './folder-recordings.ts'
export { folderSpeech } from './folder-speech.ts'
