export { folderRecordings } from './folder-recordings.ts'
export { folderSpeech } from './folder-speech.ts'
export { fileWriter } from './file-writer.ts'
